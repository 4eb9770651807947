package io.katajava.internal.birth;

import io.katajava.Birth;
import io.katajava.Choice;
import io.katajava.SandboxSpec;
import io.katajava.internal.cards.SandboxConnections;
import io.katajava.internal.detached.Detachment;
import io.katajava.internal.link.AgentLink;
import io.katajava.internal.run.StartRun;
import io.katajava.internal.sandbox.Copies;
import io.katajava.internal.sandbox.SandboxParts;
import io.katajava.internal.sandbox.VmSandbox;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts sandboxes together, however they are born.
 *
 * @param services of the runtime
 * @param open where sandboxes are kept that are handed out
 * @param copies makes further ones of them
 */
public record SandboxMaker(RuntimeServices services, OpenSandboxes open, Copies copies) {
  VmSandbox make(
      StartRun run,
      SandboxSpec spec,
      VmSpec vmSpec,
      VirtualMachine vm,
      AgentLink link,
      SandboxConnections connections,
      List<Choice> choices,
      @Nullable Detachment detachment,
      Birth birth) {
    return new VmSandbox(
        new SandboxParts(
            spec,
            vmSpec,
            vm,
            link,
            connections,
            services.rootfsSources(),
            choices,
            detachment,
            services.workers(),
            birth,
            services::tellCopying),
        run,
        copies,
        open::forget);
  }
}
