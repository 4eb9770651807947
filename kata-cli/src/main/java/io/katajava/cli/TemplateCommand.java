package io.katajava.cli;

import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.SandboxBuilder;
import io.katajava.TemplateInfo;
import io.katajava.TemplateStatus;
import io.katajava.json.JsonObject;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kata template}: guests that have booted once, of which sandboxes are made. */
@Command(
    name = "template",
    description = "Build, list and remove templates: guests that have booted once.",
    subcommands = {
      TemplateCommand.Listing.class,
      TemplateCommand.Build.class,
      TemplateCommand.Remove.class,
      TemplateCommand.Status.class
    },
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "A sandbox that fits a template is cloned from it instead of being booted.",
      "",
      "Examples:",
      "  kata template build",
      "  kata template status"
    })
final class TemplateCommand {
  TemplateCommand() {}

  /** The sizes a sandbox is asked for with. */
  static final class Sizes {
    @Option(names = "--vcpus", paramLabel = "N", description = "Number of vCPUs. Default: 1.")
    @Nullable Integer vcpus;

    @Option(
        names = "--memory",
        paramLabel = "SIZE",
        description = "Guest memory, for example 512M.")
    @Nullable MemorySize memory;

    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    @SuppressWarnings("NullAway.Init")
    Sizes() {}

    SandboxBuilder describe(SandboxBuilder builder) {
      try {
        if (vcpus != null) {
          builder.vcpus(vcpus);
        }
        if (memory != null) {
          builder.memory(memory);
        }
        return builder;
      } catch (IllegalArgumentException e) {
        throw new ParameterException(spec.commandLine(), e.getMessage(), e);
      }
    }
  }

  private static String shown(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static JsonObject toJson(TemplateInfo template) {
    return JsonObject.builder()
        .put("id", template.id())
        .put("vcpus", template.vcpus())
        .put("memory", template.memory().bytes())
        .put("created", template.created().toString())
        .put("lastUsed", template.lastUsed().toString())
        .put("size", template.size().bytes())
        .put("directory", template.directory().toString())
        .build();
  }

  /** {@code kata template list}. */
  @Command(
      name = "list",
      description = "List the templates there are, the one used last first.",
      footer = {"", "Examples:", "  kata template list", "  kata template list --json"})
  static final class Listing implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @SuppressWarnings("NullAway.Init")
    Listing() {}

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      try (Kata kata = Kata.create()) {
        List<TemplateInfo> templates = kata.templates().list();
        if (json) {
          out.print(
              Json.pretty(
                  JsonObject.builder()
                      .put("directory", kata.templates().directory().toString())
                      .put("templates", templates.stream().map(TemplateCommand::toJson).toList())
                      .build()));
        } else {
          out.print(table(templates));
        }
      }
      out.flush();
      return ExitCodes.DONE;
    }

    private static String table(List<TemplateInfo> templates) {
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("ID", "VCPUS", "MEMORY", "CREATED", "LAST USED", "SIZE"));
      for (TemplateInfo template : templates) {
        rows.add(
            List.of(
                template.id(),
                String.valueOf(template.vcpus()),
                template.memory().toString(),
                shown(template.created()),
                shown(template.lastUsed()),
                (template.size().bytes() >> 20) + " MiB"));
      }
      return TextTable.of(rows);
    }
  }

  /** {@code kata template build}. */
  @Command(
      name = "build",
      description = "Build the template for sandboxes of this host, unless it is there.",
      footer = {
        "",
        "One template also serves larger sandboxes: the rest is plugged in.",
        "",
        "Examples:",
        "  kata template build",
        "  kata template build --memory 192M"
      })
  static final class Build implements Callable<Integer> {
    @Spec CommandSpec spec;
    @Mixin Sizes sizes;

    @SuppressWarnings("NullAway.Init")
    Build() {}

    @Override
    public Integer call() {
      TemplateInfo built;
      try (Kata kata = Kata.create();
          Progress progress =
              new Progress(spec.commandLine().getErr(), Terminal.ofThisProcess(), 1)) {
        progress.step("building the template");
        built = kata.templates().build(sizes.describe(kata.sandbox()).spec());
      }
      spec.commandLine().getOut().println(built.id());
      spec.commandLine().getOut().flush();
      return ExitCodes.DONE;
    }
  }

  /** {@code kata template remove}. */
  @Command(
      name = "remove",
      description = "Remove templates. Sandboxes made from them go on.",
      footer = {
        "",
        "Examples:",
        "  kata template remove 0d74a746278d15c19f3de22f29b7f341",
        "  kata template remove --all"
      })
  static final class Remove implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(names = "--all", description = "Remove every template.")
    boolean all;

    @Parameters(arity = "0..*", paramLabel = "ID", description = "What 'kata template list' shows.")
    List<String> ids = new ArrayList<>();

    @SuppressWarnings("NullAway.Init")
    Remove() {}

    @Override
    public Integer call() {
      if (all == !ids.isEmpty()) {
        throw new ParameterException(spec.commandLine(), "give the ids of templates, or --all");
      }
      int code = ExitCodes.DONE;
      try (Kata kata = Kata.create()) {
        List<String> wanted =
            all ? kata.templates().list().stream().map(TemplateInfo::id).toList() : ids;
        for (String id : wanted) {
          if (!kata.templates().remove(id)) {
            spec.commandLine().getErr().println("kata: there is no template '" + id + "'");
            code = ExitCodes.OWN_FAILURE;
          }
        }
      }
      spec.commandLine().getErr().flush();
      return code;
    }
  }

  /** {@code kata template status}. */
  @Command(
      name = "status",
      description = "Show whether a sandbox would be made from a template, and from which one.",
      footer = {
        "",
        "Exit code 0 when there is a fitting template, 1 when there is none.",
        "",
        "Examples:",
        "  kata template status",
        "  kata template status --vcpus 2 --memory 512M"
      })
  static final class Status implements Callable<Integer> {
    /** No template fits. */
    static final int NONE = 1;

    @Spec CommandSpec spec;
    @Mixin Sizes sizes;

    @SuppressWarnings("NullAway.Init")
    Status() {}

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      try (Kata kata = Kata.create()) {
        TemplateStatus status = kata.templates().status(sizes.describe(kata.sandbox()).spec());
        out.println("store: " + kata.templates().directory());
        if (status.template().isPresent()) {
          out.println("template: " + status.template().get().id());
        } else {
          out.println(
              "template: none ("
                  + status
                      .obstacle()
                      .map(why -> "no template is possible: " + why)
                      .orElse("'kata template build' builds it")
                  + ")");
        }
        if (!status.attachedLater().isEmpty()) {
          out.println("plugged in later: " + String.join(", ", status.attachedLater()));
        }
        out.flush();
        return status.template().isPresent() ? ExitCodes.DONE : NONE;
      }
    }
  }
}
