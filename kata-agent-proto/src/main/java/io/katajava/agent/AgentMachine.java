package io.katajava.agent;

import com.google.protobuf.ByteString;
import io.katajava.agent.internal.wire.AddSwapPathRequest;
import io.katajava.agent.internal.wire.AddSwapRequest;
import io.katajava.agent.internal.wire.HardwareExtras;
import io.katajava.agent.internal.wire.MemAgentCompactConfig;
import io.katajava.agent.internal.wire.MemAgentMemcgConfig;
import io.katajava.agent.internal.wire.MemHotplugByProbeRequest;
import io.katajava.agent.internal.wire.OnlineCPUMemRequest;
import io.katajava.agent.internal.wire.RenewalExtras;
import io.katajava.agent.internal.wire.RenewedFile;
import io.katajava.agent.internal.wire.ReseedRandomDevRequest;
import io.katajava.agent.internal.wire.SetGuestDateTimeRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The calls about CPUs, memory, clock and entropy of the guest. Reached by {@link
 * AgentClient#machine}.
 */
public final class AgentMachine {
  private final AgentCalls calls;
  private final Duration deadline;

  AgentMachine(AgentCalls calls, Duration deadline) {
    this.calls = calls;
    this.deadline = deadline;
  }

  /**
   * Brings hot-plugged CPUs and memory into use ({@code OnlineCPUMem}). Upstream's agent tries for
   * 5 s.
   *
   * @param cpus how many shall be online in total
   * @param cpusOnly whether memory is left alone
   */
  public void onlineCpusAndMemory(int cpus, boolean cpusOnly) {
    calls.run(
        "OnlineCPUMem",
        cpus + " CPUs",
        OnlineCPUMemRequest.newBuilder().setWait(true).setNbCpus(cpus).setCpuOnly(cpusOnly).build(),
        deadline);
  }

  /**
   * Announces added memory to a kernel that needs it ({@code MemHotplugByProbe}).
   *
   * @param addresses physical, of memory blocks
   */
  public void announceMemory(List<Long> addresses) {
    calls.run(
        "MemHotplugByProbe",
        "",
        MemHotplugByProbeRequest.newBuilder().addAllMemHotplugProbeAddr(addresses).build(),
        deadline);
  }

  /**
   * Gives the guest's random generator something it has not seen, as every clone needs ({@code
   * ReseedRandomDev}).
   *
   * @param entropy not empty; copied
   */
  public void reseedRandom(byte[] entropy) {
    if (entropy.length == 0) {
      throw new IllegalArgumentException("reseeding needs at least 1 byte of entropy");
    }
    calls.run(
        "ReseedRandomDev",
        "",
        ReseedRandomDevRequest.newBuilder().setData(ByteString.copyFrom(entropy)).build(),
        deadline);
  }

  /**
   * Makes a machine that is a copy of another one itself, in one call ({@code ReseedRandomDev} with
   * what only our agent understands, {@code RenewalExtras}): clock, entropy, host name, machine id,
   * boot id, link addresses. The clock is the host's at the moment of sending.
   *
   * @param entropy for its random generator, not empty; copied
   * @param identity 32 random bytes of which machine id and boot id are made
   * @param sandboxId the id the sandbox has from now on
   * @param hostname its host name
   * @param linkAddresses whether network cards it has get other link addresses
   * @param files what is in files below the shared directory from now on, by their paths. They are
   *     rewritten in place, so that containers that have them mounted see it
   */
  public void renew(
      byte[] entropy,
      byte[] identity,
      String sandboxId,
      String hostname,
      boolean linkAddresses,
      Map<String, byte[]> files) {
    if (entropy.length == 0 || identity.length != 32) {
      throw new IllegalArgumentException(
          "a renewal needs entropy and 32 bytes of identity, got "
              + entropy.length
              + " and "
              + identity.length);
    }
    ReseedRandomDevRequest.Builder request =
        ReseedRandomDevRequest.newBuilder().setData(ByteString.copyFrom(entropy));
    Instant now = Instant.now();
    RenewalExtras.Builder extras =
        RenewalExtras.newBuilder()
            .setRenew(true)
            .setSandboxId(sandboxId)
            .setHostname(hostname)
            .setClockNanoseconds(now.getEpochSecond() * 1_000_000_000L + now.getNano())
            .setIdentity(ByteString.copyFrom(identity))
            .setLinkAddresses(linkAddresses);
    files.forEach(
        (path, data) ->
            extras.addFiles(
                RenewedFile.newBuilder().setPath(path).setData(ByteString.copyFrom(data))));
    calls.run(
        "ReseedRandomDev", sandboxId, RequestWire.merge(request, extras.build()).build(), deadline);
  }

  /**
   * Waits until what was plugged in is there, and brings it into use ({@code OnlineCPUMem} with
   * what only our agent understands, {@code HardwareExtras}).
   *
   * @param cpus how many shall be online in total; 0 for those that are
   * @param memoryMebibytes memory that shall be online in total; 0 to wait for none
   * @param interfaces network cards; 0 to wait for none
   */
  public void awaitHardware(int cpus, long memoryMebibytes, int interfaces) {
    OnlineCPUMemRequest.Builder request =
        OnlineCPUMemRequest.newBuilder().setWait(true).setNbCpus(cpus).setCpuOnly(false);
    HardwareExtras extras =
        HardwareExtras.newBuilder()
            .setMemoryMebibytes((int) memoryMebibytes)
            .setInterfaces(interfaces)
            .build();
    calls.run("OnlineCPUMem", cpus + " CPUs", RequestWire.merge(request, extras).build(), deadline);
  }

  /**
   * Sets the guest's clock ({@code SetGuestDateTime}).
   *
   * @param now to the microsecond
   */
  public void setClock(Instant now) {
    calls.run(
        "SetGuestDateTime",
        now.toString(),
        SetGuestDateTimeRequest.newBuilder()
            .setSec(now.getEpochSecond())
            .setUsec(now.getNano() / 1000)
            .build(),
        deadline);
  }

  /**
   * Swaps to a disk ({@code AddSwap}).
   *
   * @param pciPath slots from the root bus to the disk
   */
  public void addSwap(List<Integer> pciPath) {
    calls.run(
        "AddSwap",
        pciPath.toString(),
        AddSwapRequest.newBuilder().addAllPCIPath(pciPath).build(),
        deadline);
  }

  /**
   * Swaps to a file or device ({@code AddSwapPath}).
   *
   * @param path in the guest
   */
  public void addSwapPath(String path) {
    calls.run("AddSwapPath", path, AddSwapPathRequest.newBuilder().setPath(path).build(), deadline);
  }

  /**
   * Configures reclaim ({@code MemAgentMemcgSet}). INTERNAL unless the guest booted with it.
   *
   * @param settings what changes
   */
  public void configureMemoryAgent(MemoryAgentCgroup settings) {
    MemAgentMemcgConfig.Builder request = MemAgentMemcgConfig.newBuilder();
    settings.disabled().ifPresent(request::setDisabled);
    settings.swap().ifPresent(request::setSwap);
    settings.swappinessMax().ifPresent(request::setSwappinessMax);
    settings.periodSeconds().ifPresent(request::setPeriodSecs);
    settings.periodPressurePercent().ifPresent(request::setPeriodPsiPercentLimit);
    settings.evictionPressurePercent().ifPresent(request::setEvictionPsiPercentLimit);
    settings.evictionMinAgingRuns().ifPresent(request::setEvictionRunAgingCountMin);
    calls.run("MemAgentMemcgSet", "", request.build(), deadline);
  }

  /**
   * Configures compaction ({@code MemAgentCompactSet}). INTERNAL unless the guest booted with it.
   *
   * @param settings what changes
   */
  public void configureMemoryAgent(MemoryAgentCompaction settings) {
    MemAgentCompactConfig.Builder request = MemAgentCompactConfig.newBuilder();
    settings.disabled().ifPresent(request::setDisabled);
    settings.periodSeconds().ifPresent(request::setPeriodSecs);
    settings.periodPressurePercent().ifPresent(request::setPeriodPsiPercentLimit);
    settings.pressurePercent().ifPresent(request::setCompactPsiPercentLimit);
    settings.maxSeconds().ifPresent(request::setCompactSecMax);
    settings.order().ifPresent(request::setCompactOrder);
    settings.threshold().ifPresent(request::setCompactThreshold);
    settings.forceTimes().ifPresent(request::setCompactForceTimes);
    calls.run("MemAgentCompactSet", "", request.build(), deadline);
  }
}
