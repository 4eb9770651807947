package io.katajava.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.dependOnClassesThat;
import static com.tngtech.archunit.lang.conditions.ArchConditions.not;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.katajava.base.text.PrintableText;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.text.DecimalFormat;
import java.text.NumberFormat;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/** The arrows of the house: who may know whom. */
@AnalyzeClasses(
    packages = "io.katajava",
    importOptions = {
      ImportOption.DoNotIncludeTests.class,
      ArchitectureTest.DoNotIncludeTestJars.class
    })
class ArchitectureTest {
  /** Other modules lend their tests to ours as jars. */
  static final class DoNotIncludeTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  private static final String[] THIRD_PARTY = {
    "com.fasterxml..", "jnr..", "com.sun.jna..", "com.google..", "org.tomlj..", "com.github.luben.."
  };

  @ArchTest
  static final ArchRule ARROWS_POINT_ONE_WAY =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("base")
          .definedBy("io.katajava.base..")
          .layer("transport")
          .definedBy("io.katajava.transport..")
          .layer("json")
          .definedBy("io.katajava.json..")
          .layer("qmp")
          .definedBy("io.katajava.qmp..")
          .layer("agent")
          .definedBy("io.katajava.agent..")
          .layer("compress")
          .definedBy("io.katajava.compress..")
          .layer("api")
          .definedBy(
              "io.katajava", "io.katajava.wait..", "io.katajava.spi..", "io.katajava.internal..")
          .layer("qemu")
          .definedBy("io.katajava.qemu..")
          .layer("config")
          .definedBy("io.katajava.config..")
          .layer("guest")
          .definedBy("io.katajava.guest..")
          .layer("image")
          .definedBy("io.katajava.image..")
          .layer("junit")
          .definedBy("io.katajava.junit..")
          .layer("opentelemetry")
          .definedBy("io.katajava.opentelemetry..")
          .layer("cli")
          .definedBy("io.katajava.cli..")
          .whereLayer("junit")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("cli")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("opentelemetry")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("config")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("qemu")
          .mayOnlyBeAccessedByLayers("config", "cli")
          .whereLayer("guest")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("image")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("qmp")
          .mayOnlyBeAccessedByLayers("qemu", "cli")
          .whereLayer("json")
          .mayOnlyBeAccessedByLayers("qmp", "api", "qemu", "image", "cli")
          .whereLayer("agent")
          .mayOnlyBeAccessedByLayers(
              "api", "qemu", "config", "guest", "image", "opentelemetry", "junit", "cli")
          .whereLayer("compress")
          .mayOnlyBeAccessedByLayers("guest", "image")
          .whereLayer("api")
          .mayOnlyBeAccessedByLayers(
              "qemu", "config", "guest", "image", "opentelemetry", "junit", "cli");

  @ArchTest
  static final ArchRule OPENTELEMETRY_IS_KNOWN_TO_ITS_MODULE_ALONE =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.katajava.opentelemetry..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.opentelemetry..");

  @ArchTest static final ArchRule BASE_IS_USABLE_ALONE = knowsOnly("io.katajava.base..");

  @ArchTest
  static final ArchRule TRANSPORT_IS_USABLE_ALONE =
      knowsOnly("io.katajava.transport..", "io.katajava.base..");

  @ArchTest
  static final ArchRule JSON_IS_USABLE_ALONE =
      knowsOnly("io.katajava.json..", "io.katajava.base..");

  @ArchTest
  static final ArchRule QMP_IS_USABLE_ALONE =
      knowsOnly(
          "io.katajava.qmp..",
          "io.katajava.json..",
          "io.katajava.transport..",
          "io.katajava.base..");

  @ArchTest static final ArchRule COMPRESS_IS_USABLE_ALONE = knowsOnly("io.katajava.compress..");

  @ArchTest
  static final ArchRule THE_PROTOCOL_STANDS_ALONE =
      knowsOnly("io.katajava.agent..", "io.katajava.transport..", "io.katajava.base..");

  /** The first of the packages knows none of ours but these. */
  private static ArchRule knowsOnly(String... packages) {
    return classes()
        .that()
        .resideInAPackage(packages[0])
        .should(
            not(
                dependOnClassesThat(
                    resideInAPackage("io.katajava..")
                        .and(not(resideInAnyPackage(packages)))
                        .as("other packages of ours"))));
  }

  /** The engine's rooms, from the top: each knows only those after it. */
  private static final List<String> ENGINE_ROOMS =
      List.of(
          "engine",
          "birth",
          "sandbox",
          "detached",
          "container",
          "exec",
          "link",
          "cards",
          "run",
          "ledger");

  @ArchTest
  static void roomOfTheEngine_knowsNoneAboveIt(JavaClasses classes) {
    List<String> above = new ArrayList<>();
    for (String name : ENGINE_ROOMS) {
      String room = "io.katajava.internal." + name;
      if (!above.isEmpty()) {
        noClasses()
            .that()
            .resideInAPackage(room)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(above.toArray(String[]::new))
            .check(classes);
      }
      above.add(room);
    }
  }

  @ArchTest
  static final ArchRule ROOMS_OF_THE_API_HAVE_NO_CYCLES =
      slices().matching("io.katajava.internal.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule THIRD_PARTY_TYPES_STAY_OUT_OF_SIGNATURES =
      methods()
          .that()
          .arePublic()
          .and()
          .areDeclaredInClassesThat(
              resideInAPackage("io.katajava..")
                  .and(not(resideInAnyPackage("..internal..", "io.katajava.cli..")))
                  .as("our public packages"))
          .and()
          .areDeclaredInClassesThat()
          .arePublic()
          .should()
          .notHaveRawReturnType(resideInAnyPackage(THIRD_PARTY))
          .andShould()
          .notHaveRawParameterTypes(
              DescribedPredicate.describe(
                  "third-party types",
                  types -> types.stream().anyMatch(resideInAnyPackage(THIRD_PARTY))));

  /**
   * Messages quote guests, registries and files: one place makes them printable. Those of
   * kata-compress quote nobody.
   */
  @ArchTest
  static final ArchRule MESSAGES_OF_EXCEPTIONS_ARE_PRINTABLE =
      classes()
          .that()
          .areAssignableTo(Throwable.class)
          .and(
              DescribedPredicate.<JavaClass>describe(
                  "extend no exception of ours",
                  each ->
                      each.getRawSuperclass()
                          .map(above -> !above.getPackageName().startsWith("io.katajava"))
                          .orElse(true)))
          .and()
          .resideOutsideOfPackages(
              "io.katajava.docs..", "io.katajava.bench..", "io.katajava.compress..")
          .should(dependOnClassesThat(assignableTo(PrintableText.class)));

  /**
   * Where the JVM's locale has digits or letters of its own, text for machines has them, too; a
   * file's name, a size, a protocol. {@link DefaultLocaleTest} shows that this can fail.
   */
  @ArchTest
  static final ArchRule NOTHING_IS_FORMATTED_BY_THE_DEFAULT_LOCALE =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.katajava.docs..")
          .should()
          .callMethod(String.class, "format", String.class, Object[].class)
          .orShould()
          .callMethod(String.class, "formatted", Object[].class)
          .orShould()
          .callMethod(String.class, "toLowerCase")
          .orShould()
          .callMethod(String.class, "toUpperCase")
          .orShould()
          .callMethod(PrintStream.class, "printf", String.class, Object[].class)
          .orShould()
          .callMethod(PrintStream.class, "format", String.class, Object[].class)
          .orShould()
          .callMethod(PrintWriter.class, "printf", String.class, Object[].class)
          .orShould()
          .callMethod(PrintWriter.class, "format", String.class, Object[].class)
          .orShould()
          .callConstructor(DecimalFormat.class, String.class)
          .orShould()
          .callMethod(NumberFormat.class, "getInstance")
          .orShould()
          .callMethod(DateTimeFormatter.class, "ofPattern", String.class);

  @ArchTest
  static final ArchRule INTERNALS_STAY_IN_THEIR_MODULE =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.katajava.agent..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.katajava.agent..internal..");

  @ArchTest static final ArchRule AGENT_AND_ITS_INTERNALS = noCircleIn("io.katajava.agent..");
  @ArchTest static final ArchRule CONFIG_AND_ITS_INTERNALS = noCircleIn("io.katajava.config..");
  @ArchTest static final ArchRule GUEST_AND_ITS_INTERNALS = noCircleIn("io.katajava.guest..");
  @ArchTest static final ArchRule IMAGE_AND_ITS_INTERNALS = noCircleIn("io.katajava.image..");
  @ArchTest static final ArchRule JUNIT_AND_ITS_INTERNALS = noCircleIn("io.katajava.junit..");
  @ArchTest static final ArchRule QEMU_AND_ITS_INTERNALS = noCircleIn("io.katajava.qemu..");

  /** What is public and what is internal in a module do not know each other in circles. */
  private static ArchRule noCircleIn(String module) {
    return classes().that().resideInAPackage(module).should(new KnowNoFacadeInACircle());
  }
}
