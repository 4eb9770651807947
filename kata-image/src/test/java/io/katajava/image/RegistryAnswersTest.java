package io.katajava.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.net.httpserver.HttpExchange;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.ProgressListener;
import io.katajava.image.testing.FakeRegistry;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that pass, that can be met, and that are not to be believed. */
class RegistryAnswersTest {
  private static final String INDEX = "application/vnd.oci.image.index.v1+json";
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";

  @TempDir Path directory;
  private final Map<String, Integer> seen = new ConcurrentHashMap<>();
  private FakeRegistry registry;
  private LayoutBuilder image;
  private byte[] layer;

  @BeforeEach
  void serve() {
    registry = new FakeRegistry();
    byte[] random = new byte[200_000];
    new Random(7).nextBytes(random);
    LayerBuilder content = new LayerBuilder().file("random", 0644, 0, 0, random);
    layer = content.gzip();
    image = new LayoutBuilder().layer(layer, content.tar());
    registry.serve("team/app", "1", image);
  }

  @AfterEach
  void close() {
    registry.close();
  }

  private ImageStore store(Duration timeout, RegistryOptions.Builder options, ImageLimits limits) {
    return ImageStore.builder()
        .directory(directory.resolve("store"))
        .registries(options.dockerConfig(directory.resolve("config.json")).build())
        .limits(limits)
        .timeout(timeout)
        .build();
  }

  private ImageStore store(RegistryOptions.Builder options) {
    return store(Duration.ofMinutes(2), options, ImageLimits.DEFAULT);
  }

  private ImageReference app() {
    return ImageReference.parse(registry.host() + "/team/app:1");
  }

  private Image pull() {
    return store(RegistryOptions.builder()).pull(app(), ProgressListener.NONE);
  }

  private KataException failure(ImageStore store) {
    List<KataException> failures = new ArrayList<>();
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> store.pull(app(), ProgressListener.NONE))
        .satisfies(failures::add);
    return failures.get(0);
  }

  private String layerPath() {
    return "/v2/team/app/blobs/" + Digest.sha256(layer);
  }

  private boolean first(String what) {
    return seen.merge(what, 1, Integer::sum) == 1;
  }

  private static String path(HttpExchange exchange) {
    return exchange.getRequestURI().getPath();
  }

  private static String authorization(HttpExchange exchange) {
    String value = exchange.getRequestHeaders().getFirst("Authorization");
    return value == null ? "" : value;
  }

  private boolean challenge(HttpExchange exchange, String... challenges) throws IOException {
    for (String each : challenges) {
      exchange.getResponseHeaders().add("WWW-Authenticate", each);
    }
    FakeRegistry.send(exchange, 401, new byte[0]);
    return true;
  }

  private String realm() {
    return "http://" + registry.host() + "/token";
  }

  @ParameterizedTest
  @CsvSource({
    "429,manifests",
    "500,manifests",
    "502,blobs",
    "503,blobs",
    "504,blobs",
    "503,token",
    "500,token"
  })
  void answer_thatMayPass_isAskedForAgain(int status, String where) {
    registry.trick(
        (exchange, content) -> {
          if (path(exchange).contains("/" + where) && first(path(exchange))) {
            FakeRegistry.send(exchange, status, "later".getBytes(UTF_8));
            return true;
          }
          if (path(exchange).equals("/token")) {
            FakeRegistry.send(exchange, 200, "{\"token\":\"t\"}".getBytes(UTF_8));
            return true;
          }
          return where.equals("token")
              && path(exchange).startsWith("/v2/team")
              && !authorization(exchange).equals("Bearer t")
              && challenge(exchange, "Bearer realm=\"" + realm() + "\"");
        });
    assertThat(pull().layers()).hasSize(1);
    assertThat(seen.values()).allMatch(times -> times == 2);
  }

  @Test
  void registry_saysWhenToComeBack_isAskedThen() {
    List<Long> times = new CopyOnWriteArrayList<>();
    registry.trick(
        (exchange, content) -> {
          if (path(exchange).contains("/manifests/")) {
            times.add(System.nanoTime());
            if (times.size() == 1) {
              exchange.getResponseHeaders().set("Retry-After", "2");
              FakeRegistry.send(exchange, 429, new byte[0]);
              return true;
            }
          }
          return false;
        });
    pull();
    assertThat(Duration.ofNanos(times.get(1) - times.get(0)))
        .isGreaterThanOrEqualTo(Duration.ofMillis(1900));
  }

  @Test
  void registry_wantsALongerPauseThanThereIsTime_endsAtOnceAndSaysSo() {
    registry.trick(
        (exchange, content) -> {
          if (path(exchange).contains("/manifests/")) {
            exchange.getResponseHeaders().set("Retry-After", "3600");
            FakeRegistry.send(exchange, 429, new byte[0]);
            return true;
          }
          return false;
        });
    KataException failure = failure(store(RegistryOptions.builder()));
    assertThat(failure)
        .hasMessageContaining("limits the rate of requests")
        .hasMessageContaining("the registry asks to wait 3600 s");
    assertThat(failure.code()).isEqualTo(ErrorCode.IMAGE_PULL_FAILED);
  }

  @Test
  void answer_thatDoesNotPass_isNotAskedForForEver() {
    registry.trick(
        (exchange, content) -> {
          if (path(exchange).contains("/manifests/")) {
            first("manifest");
            FakeRegistry.send(exchange, 503, new byte[0]);
            return true;
          }
          return false;
        });
    assertThat(failure(store(RegistryOptions.builder()))).hasMessageContaining("status 503");
    assertThat(seen.get("manifest")).isBetween(3, 8);
  }

  @Test
  void challenges_inSeveralHeadersOrOne_oneIsMet() {
    String bearer = "Bearer realm=\"" + realm() + "\",service=\"a, b\",scope=\"x:y:pull\"";
    for (String[] challenges :
        new String[][] {
          {"Negotiate", bearer},
          {"Negotiate YII=, Basic realm=\"r, s\"", bearer},
          {"Basic realm=\"r\", " + bearer},
          {"Digest realm=\"x\", nonce=\"1\", " + bearer.replace(",", " , ")},
          {bearer.replace("Bearer realm", "bEARER REALM")}
        }) {
      registry.trick(
          (exchange, content) -> {
            if (path(exchange).equals("/token")) {
              assertThat(exchange.getRequestURI().getQuery()).contains("service=a");
              FakeRegistry.send(exchange, 200, "{\"access_token\":\"t\"}".getBytes(UTF_8));
              return true;
            }
            return path(exchange).startsWith("/v2/team")
                && !authorization(exchange).equals("Bearer t")
                && challenge(exchange, challenges);
          });
      assertThat(pull().layers()).as(Arrays.toString(challenges)).hasSize(1);
    }
    registry.trick(
        (exchange, content) ->
            path(exchange).startsWith("/v2/team")
                && !authorization(exchange).startsWith("Basic ")
                && challenge(exchange, "Negotiate, Bearer service=\"none\", Basic realm=\"r\""));
    store(RegistryOptions.builder().credentials(registry.host(), "me", "secret"))
        .pull(app(), ProgressListener.NONE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|does not say of which kind",
        "Digest realm=\"x\"|of the kind 'digest'",
        "Bearer service=\"x\"|does not say from which server",
        "Bearer realm=\"http://[\"|is not an address of the web",
        "Bearer realm=\"mailto:x\"|is not an address of the web",
        "Bearer|does not say from which server",
        "Basic realm=\"r\"|requires a user name and a password",
        "=\"|does not say of which kind"
      })
  void challenge_thatCannotBeMet_isNamed(String challenge, String message) {
    registry.trick(
        (exchange, content) ->
            path(exchange).startsWith("/v2/team")
                && (challenge.isEmpty() ? challenge(exchange) : challenge(exchange, challenge)));
    KataException failure = failure(store(RegistryOptions.builder()));
    assertThat(failure).hasMessageContaining(message);
    assertThat(failure.code()).isEqualTo(ErrorCode.IMAGE_PULL_FAILED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"line\\nbreak", "a b", "\\u001b[31m", "\\u20ac"})
  void token_noHeaderCanHave_isRefused(String token) {
    registry.trick(
        (exchange, content) -> {
          if (path(exchange).equals("/token")) {
            FakeRegistry.send(exchange, 200, ("{\"token\":\"" + token + "\"}").getBytes(UTF_8));
            return true;
          }
          return path(exchange).startsWith("/v2/team")
              && challenge(exchange, "Bearer realm=\"" + realm() + "\"");
        });
    KataException failure = failure(store(RegistryOptions.builder()));
    assertThat(failure).hasMessageContaining("characters that no header may have");
    assertThat(failure.code()).isEqualTo(ErrorCode.IMAGE_PULL_FAILED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/raw?sig=a|b&x={y}",
        "/raw?name=a b",
        "/raw?d=100%",
        "/raw?d=%41%zz^`\"<>\\",
        "/raw?é",
        "/raw?a[0]=1#fragment#two",
        "HTTP://HOST/raw",
        "//HOST/raw",
        "../../../../raw"
      })
  void redirect_withCharactersAUriDoesNotHave_isFollowed(String location) {
    registry.trick(
        (exchange, content) -> {
          if (path(exchange).equals("/raw")) {
            FakeRegistry.send(exchange, 200, layer);
            return true;
          }
          if (path(exchange).equals(layerPath())) {
            exchange
                .getResponseHeaders()
                .set("Location", location.replace("HOST", registry.host()));
            FakeRegistry.send(exchange, 307, new byte[0]);
            return true;
          }
          return false;
        });
    assertThat(pull().layers()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "'',without a target",
    "mailto:x,not an address of the web",
    "http://[,not an address",
    "LOOP,too many times"
  })
  void redirect_thatLeadsNowhere_isNamed(String location, String message) {
    registry.trick(
        (exchange, content) -> {
          if (path(exchange).contains("/blobs/")) {
            exchange.getResponseHeaders().set("Location", location.replace("LOOP", path(exchange)));
            FakeRegistry.send(exchange, 307, new byte[0]);
            return true;
          }
          return false;
        });
    assertThat(failure(store(RegistryOptions.builder())))
        .hasMessageContaining("redirect")
        .hasMessageContaining(message);
  }

  @Test
  void download_cannotGoOn_isBegunAgain() throws Exception {
    Path parts = Files.createDirectories(directory.resolve("store/parts"));
    Files.write(parts.resolve("sha256-" + Digest.sha256(layer).hex()), Arrays.copyOf(layer, 5000));
    registry.trick(
        (exchange, content) -> {
          if (exchange.getRequestHeaders().containsKey("Range")) {
            FakeRegistry.send(exchange, 416, new byte[0]);
            return true;
          }
          return false;
        });
    assertThat(pull().layers()).hasSize(1);
    assertThat(registry.requests())
        .filteredOn(request -> request.contains(layerPath()))
        .containsExactly("GET " + layerPath() + " bytes=5000-", "GET " + layerPath());
  }

  @Test
  void mirror_rots_theNextIsAsked() throws Exception {
    byte[] wrong = layer.clone();
    wrong[100] ^= 1;
    byte[] foreign =
        new String(image.manifest(), UTF_8)
            .replace("schemaVersion\":2", "schemaVersion\":3")
            .getBytes(UTF_8);
    try (FakeRegistry blob = new FakeRegistry();
        FakeRegistry manifest = new FakeRegistry();
        FakeRegistry platform = new FakeRegistry()) {
      blob.serve("team/app", "1", image).replace(layerPath(), wrong);
      manifest.manifest("team/app", "1", foreign, MANIFEST);
      platform.manifest(
          "team/app",
          "1",
          ("{\"manifests\":["
                  + LayoutBuilder.descriptor(
                      MANIFEST,
                      image.manifest(),
                      ",\"platform\":{\"architecture\":\"mips\",\"os\":\"linux\"}")
                  + "],\"mediaType\":\""
                  + INDEX
                  + "\"}")
              .getBytes(UTF_8),
          INDEX);
      Image pulled =
          store(
                  RegistryOptions.builder()
                      .mirror(registry.host(), platform.host())
                      .mirror(registry.host(), manifest.host())
                      .mirror(registry.host(), blob.host()))
              .pull(app(), ProgressListener.NONE);
      assertThat(pulled.digest()).isEqualTo(Digest.sha256(image.manifest()));
      assertThat(List.of(blob, manifest, platform)).noneMatch(each -> each.requests().isEmpty());
      assertThat(registry.requests()).contains("GET " + layerPath());
    }
  }

  @Test
  void credentialHelper_isNotInstalled_isNamedWithItsFile() throws Exception {
    Files.writeString(directory.resolve("config.json"), "{\"credsStore\":\"of-nobody\"}");
    registry.trick(
        (exchange, content) ->
            path(exchange).startsWith("/v2/team") && challenge(exchange, "Basic realm=\"r\""));
    assertThat(failure(store(RegistryOptions.builder())))
        .hasMessageContaining("docker-credential-of-nobody")
        .hasMessageContaining(directory.resolve("config.json").toString())
        .hasMessageContaining("install it");
  }

  @Test
  void registry_isNotThere_itsAddressIsSaid() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    ImageStore store = store(RegistryOptions.builder());
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(
            () ->
                store.pull(
                    ImageReference.parse("127.0.0.1:" + port + "/team/app:1"),
                    ProgressListener.NONE))
        .withMessageContaining("cannot connect to http://127.0.0.1:" + port);
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(
            () ->
                store.pull(
                    ImageReference.parse("nobody.invalid/team/app:1"), ProgressListener.NONE))
        .withMessageContaining("cannot connect to https://nobody.invalid:443")
        .withMessageContaining("cannot be resolved");
  }

  @Test
  void error_hasTerminalSequences_theyAreEscaped() {
    registry.trick(
        (exchange, content) -> {
          if (path(exchange).contains("/manifests/")) {
            FakeRegistry.send(
                exchange, 403, "\u001b]0;owned\u0007\u009b2J\u202e no\nkata: done".getBytes(UTF_8));
            return true;
          }
          return false;
        });
    assertThat(failure(store(RegistryOptions.builder())))
        .hasMessageContaining("\\x1b]0;owned\\x07\\x9b2J\\u202e no kata: done")
        .message()
        .doesNotContain("\u001b", "\u009b", "\u202e", "\n");
  }

  @Test
  void blob_isSaidToBeBeyondTheLimit_isNotAskedFor() {
    declare(1L << 50);
    KataException failure = failure(store(RegistryOptions.builder()));
    assertThat(failure)
        .hasMessageContaining("is said to have 1125899906842624 bytes; the limit is 64 GiB");
    assertThat(failure.code()).isEqualTo(ErrorCode.IMAGE_REFUSED);
    assertThat(registry.requests()).noneMatch(request -> request.contains(layerPath()));
  }

  @Test
  void blob_isSaidToBeLargerThanTheFileSystem_isNotAskedFor() {
    declare(1L << 50);
    KataException failure =
        failure(
            store(
                Duration.ofMinutes(1),
                RegistryOptions.builder(),
                ImageLimits.DEFAULT.withLayerSize(MemorySize.bytes(1L << 51))));
    assertThat(failure).hasMessageContaining("which is not enough for");
    assertThat(failure.code()).isEqualTo(ErrorCode.IMAGE_STORE_FULL);
    assertThat(registry.requests()).noneMatch(request -> request.contains(layerPath()));
    assertThat(directory.resolve("store/parts")).isEmptyDirectory();
  }

  private void declare(long size) {
    byte[] manifest =
        new String(image.manifest(), UTF_8)
            .replace("\"size\":" + layer.length, "\"size\":" + size)
            .getBytes(UTF_8);
    registry.manifest("team/app", "1", manifest, MANIFEST);
  }

  @Test
  void document_isSaidToBeEndless_isNotAskedFor() {
    byte[] config = image.configuration();
    byte[] manifest =
        new String(image.manifest(), UTF_8)
            .replace("\"size\":" + config.length, "\"size\":" + (1L << 50))
            .getBytes(UTF_8);
    registry.manifest("team/app", "1", manifest, MANIFEST);
    assertThat(failure(store(RegistryOptions.builder())))
        .hasMessageContaining("is said to have more than 4 MiB");
    assertThat(registry.requests())
        .noneMatch(request -> request.contains(Digest.sha256(config).toString()));
  }

  /** Indexes of 400 kB that name each other: as many ways as there are atoms. */
  @Test
  void indexes_withinEachOther_endSoon() {
    byte[] inner = image.manifest();
    String type = MANIFEST;
    for (int depth = 0; depth < 4; depth++) {
      StringBuilder many = new StringBuilder("{\"mediaType\":\"" + INDEX + "\",\"manifests\":[");
      String platform = ",\"platform\":{\"architecture\":\"mips\",\"os\":\"linux\"}";
      for (int i = 0; i < 2000; i++) {
        many.append(i == 0 ? "" : ",").append(LayoutBuilder.descriptor(type, inner, platform));
      }
      inner = many.append("]}").toString().getBytes(UTF_8);
      type = INDEX;
      registry.manifest("team/app", "1", inner, INDEX);
    }
    long begin = System.nanoTime();
    KataException failure =
        failure(store(Duration.ofSeconds(30), RegistryOptions.builder(), ImageLimits.DEFAULT));
    assertThat(failure.code()).isEqualTo(ErrorCode.IMAGE_NOT_FOUND);
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
    assertThat(registry.requests()).hasSizeLessThan(20);
  }

  @Test
  void indexes_areTooManyOrTooDeep_areRefused() {
    byte[] inner = image.manifest();
    String type = MANIFEST;
    for (int depth = 0; depth < 8; depth++) {
      inner =
          ("{\"mediaType\":\""
                  + INDEX
                  + "\",\"manifests\":["
                  + LayoutBuilder.descriptor(type, inner, "")
                  + "]}")
              .getBytes(UTF_8);
      type = INDEX;
      registry.manifest("team/app", "1", inner, INDEX);
    }
    assertThat(failure(store(RegistryOptions.builder())))
        .hasMessageContaining("more than 4 of them within each other");
  }

  @Test
  void manifests_thatMayBeIt_areTooMany_areRefused() {
    StringBuilder many = new StringBuilder("{\"mediaType\":\"" + INDEX + "\",\"manifests\":[");
    for (int i = 0; i < 300; i++) {
      byte[] bill =
          ("{\"schemaVersion\":2,\"artifactType\":\"text/x-" + i + "\",\"config\":{}}")
              .getBytes(UTF_8);
      registry.manifest("team/app", "bill" + i, bill, MANIFEST);
      many.append(i == 0 ? "" : ",").append(LayoutBuilder.descriptor(MANIFEST, bill, ""));
    }
    registry.manifest("team/app", "1", many.append("]}").toString().getBytes(UTF_8), INDEX);
    assertThat(failure(store(RegistryOptions.builder())))
        .hasMessageContaining("more than 256 manifests");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/manifests/", "/blobs/", "/token", "/error"})
  void answer_comesDropByDrop_theTimeHolds(String where) {
    registry.trick(
        (exchange, content) -> {
          if (path(exchange).contains(where)
              || (where.equals("/error") && path(exchange).contains("/manifests/"))) {
            drip(exchange, where.equals("/error") ? 403 : 200);
            return true;
          }
          return where.equals("/token")
              && path(exchange).startsWith("/v2/team")
              && challenge(exchange, "Bearer realm=\"" + realm() + "\"");
        });
    long begin = System.nanoTime();
    KataException failure =
        failure(store(Duration.ofSeconds(3), RegistryOptions.builder(), ImageLimits.DEFAULT));
    assertThat(failure.code()).isEqualTo(ErrorCode.TIMEOUT);
    assertThat(failure).hasMessageContaining("the time limit of 3 s was reached");
    // What is beyond the time is what a loaded machine needs to look at the clock.
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8));
  }

  private static void drip(HttpExchange exchange, int status) throws IOException {
    exchange.sendResponseHeaders(status, 1 << 20);
    try {
      for (int i = 0; i < 1000; i++) {
        exchange.getResponseBody().write(' ');
        exchange.getResponseBody().flush();
        Thread.sleep(50);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void credentialHelper_isAPath_isRefused() throws Exception {
    Files.writeString(directory.resolve("config.json"), "{\"credsStore\":\"../sh\"}");
    registry.trick(
        (exchange, content) ->
            path(exchange).startsWith("/v2/team") && challenge(exchange, "Basic realm=\"r\""));
    assertThat(failure(store(RegistryOptions.builder())))
        .hasMessageContaining("is not the name of a credential helper");
  }
}
