package io.katajava.bench;

import io.katajava.MemorySize;
import io.katajava.agent.ttrpc.CallOptions;
import io.katajava.agent.ttrpc.TtrpcClient;
import io.katajava.agent.ttrpc.TtrpcServer;
import io.katajava.config.KataConfiguration;
import io.katajava.json.JsonObject;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import io.katajava.transport.UnixSocketConnection;
import io.katajava.transport.UnixSocketListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a start is made of on the host, each alone and warm; microseconds for one. Run by JMH. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@SuppressWarnings("NullAway.Init") // by setUp()
public class HostBenchmarks {
  private static final CallOptions CALL = CallOptions.within(Duration.ofSeconds(10));
  private static final int SCHEMA_MEMBERS = 1500;

  private final QemuConfig qemu = QemuConfig.builder().machine(MachineType.Q35).vcpus(2).build();
  private final VmSpec machine =
      new VmSpec(
          "parts",
          new VmSizes(2, MemorySize.mebibytes(256)),
          GuestAssets.of(Path.of("/srv/vmlinux"), Path.of("/srv/initrd"), "parts"));
  private final ByteBuffer kilobyte = ByteBuffer.allocate(1024);
  private Path directory;
  private Path configuration;
  private TtrpcServer server;
  private TtrpcClient client;
  private String reply;
  private String schema;

  /** Made by JMH. */
  public HostBenchmarks() {}

  /**
   * Makes what the parts work on.
   *
   * @throws IOException when there is no place for a socket
   */
  @Setup(Level.Trial)
  public void setUp() throws IOException {
    directory = Files.createTempDirectory("kata-parts-");
    Path socket = directory.resolve("s");
    byte[] bytes = new byte[1024];
    server = TtrpcServer.builder().unary("s", "echo", request -> bytes).build();
    server.listen(UnixSocketListener.listen(socket));
    client = TtrpcClient.over(UnixSocketConnection.connect(socket, Duration.ofSeconds(10)));
    configuration = directory.resolve("configuration.toml");
    Files.writeString(
        configuration,
        """
        [hypervisor.qemu]
        path = "/usr/bin/qemu-system-x86_64"
        kernel = "/srv/vmlinux"
        initrd = "/srv/initrd"
        machine_type = "q35"
        kernel_params = "quiet"
        default_vcpus = 2
        default_memory = 512
        enable_debug = false
        [agent.kata]
        dial_timeout = 30
        [runtime]
        internetworking_model = "tcfilter"
        """);
    reply =
        "{\"return\": {\"status\": \"running\", \"singlestep\": false, \"running\": true},"
            + " \"id\": \"kata-42\"}";
    List<JsonObject> members = new ArrayList<>();
    for (int i = 0; i < SCHEMA_MEMBERS; i++) {
      members.add(
          JsonObject.builder()
              .put("name", Integer.toString(i))
              .put("ret-type", "17")
              .put("meta-type", "command")
              .put("arg-type", "q_obj_" + i)
              .put("allow-oob", false)
              .build());
    }
    schema = JsonObject.builder().put("return", members).put("id", "kata-43").build().toJson();
  }

  /**
   * Removes it.
   *
   * @throws IOException when a file cannot be deleted
   */
  @TearDown(Level.Trial)
  public void tearDown() throws IOException {
    client.close();
    server.close();
    Files.deleteIfExists(configuration);
    Files.deleteIfExists(directory.resolve("s"));
    Files.deleteIfExists(directory);
  }

  /**
   * A unary call with 1 KiB each way over a unix socket, to a server of ours in the same JVM: two
   * frames written and two decoded.
   *
   * @return the reply
   */
  @Benchmark
  public ByteBuffer ttrpcUnary() {
    return client.call("s", "echo", kilobyte.duplicate(), CALL);
  }

  /**
   * A usual reply of QMP.
   *
   * @return the message
   */
  @Benchmark
  public JsonObject qmpDecodeReply() {
    return JsonObject.parse(reply);
  }

  /**
   * A reply of the size of {@code query-qmp-schema}'s, some 150 KB in one line.
   *
   * @return the message
   */
  @Benchmark
  public JsonObject qmpDecodeSchema() {
    return JsonObject.parse(schema);
  }

  /**
   * QEMU's command line for a sandbox, as text.
   *
   * @return the command line
   */
  @Benchmark
  public String commandLine() {
    return qemu.explain(machine, directory);
  }

  /**
   * Kata's configuration file read, typed and checked.
   *
   * @return the configuration
   */
  @Benchmark
  public KataConfiguration configurationRead() {
    return KataConfiguration.reader().file(configuration).checkFiles(false).read();
  }
}
