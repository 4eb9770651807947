package io.katajava.junit.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.wait.WaitStrategy;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.BindMode;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;

/**
 * Every method of Testcontainers' container is there, or the documentation says what is instead.
 */
class VocabularyTest {
  private static final Path PAGE = Path.of("..", "docs", "testcontainers.md");
  private static final Pattern ITEM = Pattern.compile("^- (?<methods>`.*?`): (?<instead>.+)$");
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");

  private static final Set<String> OF_EVERY_OBJECT =
      Arrays.stream(Object.class.getDeclaredMethods())
          .map(Method::getName)
          .collect(Collectors.toSet());

  /** What takes the place of their types. */
  private static final Map<Class<?>, Class<?>> OURS =
      Map.of(
          Network.class,
          KataNetwork.class,
          org.testcontainers.containers.wait.strategy.WaitStrategy.class,
          WaitStrategy.class);

  private static Stream<Method> visible(Class<?> type) {
    Set<Method> all = new LinkedHashSet<>(List.of(type.getMethods()));
    for (Class<?> one = type; one != null && one != Object.class; one = one.getSuperclass()) {
      all.addAll(List.of(one.getDeclaredMethods()));
    }
    return all.stream()
        .filter(method -> Modifier.isPublic(method.getModifiers()) || isProtected(method))
        .filter(method -> !method.isSynthetic() && !Modifier.isStatic(method.getModifiers()))
        .filter(method -> !OF_EVERY_OBJECT.contains(method.getName()));
  }

  private static boolean isProtected(Method method) {
    return Modifier.isProtected(method.getModifiers());
  }

  private static boolean isThere(Method theirs) {
    return visible(KataContainer.class)
        .filter(ours -> ours.getName().equals(theirs.getName()))
        .filter(ours -> ours.getParameterCount() == theirs.getParameterCount())
        .anyMatch(ours -> takes(ours.getParameterTypes(), theirs.getParameterTypes()));
  }

  private static boolean takes(Class<?>[] ours, Class<?>[] theirs) {
    for (int i = 0; i < ours.length; i++) {
      if (!ours[i].isAssignableFrom(OURS.getOrDefault(theirs[i], theirs[i]))) {
        return false;
      }
    }
    return true;
  }

  private static String text(Method method) {
    return method.getName()
        + Arrays.stream(method.getParameterTypes())
            .map(Class::getSimpleName)
            .collect(Collectors.joining(", ", "(", ")"));
  }

  /** The methods that begin the items of the page's last list. */
  private static Set<String> named() throws Exception {
    Set<String> named = new TreeSet<>();
    List<String> lines = Files.readAllLines(PAGE);
    int begin = lines.indexOf("## Methods that are not there");
    assertThat(begin).as("the heading").isPositive();
    // An item goes on in the lines that are indented.
    String list = String.join("\n", lines.subList(begin, lines.size())).replace("\n  ", " ");
    for (String line : list.split("\n", -1)) {
      Matcher item = ITEM.matcher(line);
      if (item.matches()) {
        assertThat(item.group("instead")).isNotBlank();
        CODE.matcher(item.group("methods")).results().forEach(code -> named.add(code.group(1)));
      }
    }
    return named;
  }

  @Test
  void method_ofTestcontainers_isThereOrNamed() throws Exception {
    Set<String> missing =
        visible(GenericContainer.class)
            .filter(method -> !isThere(method))
            .map(VocabularyTest::text)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(missing).as("the comparison sees something").contains("withReuse(boolean)");
    assertThat(named()).isEqualTo(missing);
  }

  @Test
  void setting_thatWasMade_isReadBack() {
    KataContainer all =
        new KataContainer()
            .withLabel("a", "1")
            .withLabels(Map.of("b", "2"))
            .withCommand("run it")
            .withWorkingDirectory("/w")
            .withSharedMemorySize(1L << 20)
            .withTmpFs(Map.of("/t", "size=1m"))
            .withPrivilegedMode(true)
            .withStartupAttempts(3)
            .withExtraHost("db", "192.0.2.1")
            .withNetworkAliases("me")
            .withEnv("K", "V=W");
    assertThat(all.getLabels()).containsOnly(Map.entry("a", "1"), Map.entry("b", "2"));
    assertThat(all.getCommandParts()).containsExactly("run", "it");
    assertThat(all.getWorkingDirectory()).isEqualTo("/w");
    assertThat(all.getShmSize()).isEqualTo(1L << 20);
    assertThat(all.getTmpFsMapping()).containsOnly(Map.entry("/t", "size=1m"));
    assertThat(all.isPrivilegedMode()).isTrue();
    assertThat(all.withPrivilegedMode(false).isPrivilegedMode()).isFalse();
    assertThat(all.getStartupAttempts()).isEqualTo(3);
    assertThat(all.getExtraHosts()).containsExactly("db:192.0.2.1");
    assertThat(all.getEnv()).containsExactly("K=V=W");

    all.setEnv(List.of("A=", "B=c=d"));
    assertThat(all.getEnvMap()).containsOnly(Map.entry("A", ""), Map.entry("B", "c=d"));
    assertThatThrownBy(() -> all.setEnv(List.of("none")))
        .isInstanceOf(IllegalArgumentException.class);
    all.setExtraHosts(List.of("six:2001:db8::1"));
    assertThat(all.getExtraHosts()).containsExactly("six:2001:db8::1");
    assertThatThrownBy(() -> all.setExtraHosts(List.of("none")))
        .isInstanceOf(IllegalArgumentException.class);
    all.setTmpFsMapping(Map.of());
    all.setLabels(Map.of());
    all.setNetworkAliases(List.of("other"));
    all.setExposedPorts(List.of(1, 2));
    all.addExposedPort(3);
    all.setDockerImageName("other:1");
    all.addFileSystemBind("/host", "/guest", BindMode.READ_ONLY);
    assertThat(all.getTmpFsMapping()).isEmpty();
    assertThat(all.getLabels()).isEmpty();
    assertThat(all.getNetworkAliases()).containsExactly("other");
    assertThat(all.getExposedPorts()).containsExactly(1, 2, 3);
    assertThat(all.getDockerImageName()).isEqualTo("other:1");
    assertThat(all.isHealthy()).isFalse();

    KataNetwork network = KataNetwork.newNetwork();
    assertThat(all.withNetwork(network).getNetwork()).isSameAs(network);
    all.setNetwork(null);
    assertThat(all.getNetwork()).isNull();
  }
}
