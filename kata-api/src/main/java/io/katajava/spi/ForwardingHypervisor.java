package io.katajava.spi;

import io.katajava.Choice;
import io.katajava.Deadline;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A hypervisor that forwards every call to another one. Extend it to watch that one, or to do a
 * step of it otherwise:
 *
 * <pre>{@code
 * class Counting extends ForwardingHypervisor {
 *   final AtomicInteger launched = new AtomicInteger();
 *
 *   Counting(Hypervisor real) {
 *     super(real);
 *   }
 *
 *   @Override
 *   public VirtualMachine launch(VmSpec spec, StartContext context) throws InterruptedException {
 *     launched.incrementAndGet();
 *     return super.launch(spec, context);
 *   }
 * }
 * }</pre>
 */
public abstract class ForwardingHypervisor implements Hypervisor {
  private final Hypervisor real;

  /**
   * Stands before another one.
   *
   * @param real who does the work
   */
  protected ForwardingHypervisor(Hypervisor real) {
    this.real = real;
  }

  @Override
  public String name() {
    return real.name();
  }

  @Override
  public VmSizes defaultSizes() {
    return real.defaultSizes();
  }

  @Override
  public VirtualMachine launch(VmSpec spec, StartContext context) throws InterruptedException {
    return real.launch(spec, context);
  }

  @Override
  public boolean isDetachable() {
    return real.isDetachable();
  }

  @Override
  public VirtualMachine attach(VmSpec spec, Path stateDirectory, long pid, Deadline deadline)
      throws InterruptedException {
    return real.attach(spec, stateDirectory, pid, deadline);
  }

  @Override
  public List<Choice> describe(VmSpec spec) {
    return real.describe(spec);
  }

  @Override
  public List<String> commandLine(VmSpec spec, Path stateDirectory) {
    return real.commandLine(spec, stateDirectory);
  }

  @Override
  public Optional<String> obstacleToSharing() {
    return real.obstacleToSharing();
  }

  @Override
  public TemplateTraits templateFor(VmSpec spec) {
    return real.templateFor(spec);
  }

  @Override
  public TemplateTraits templateWithAllVcpus(VmSpec spec) {
    return real.templateWithAllVcpus(spec);
  }

  @Override
  public VirtualMachine launchTemplate(VmSpec spec, Path memory, StartContext context)
      throws InterruptedException {
    return real.launchTemplate(spec, memory, context);
  }

  @Override
  public VirtualMachine restore(VmSpec spec, VmImage image, StartContext context)
      throws InterruptedException {
    return real.restore(spec, image, context);
  }
}
