package io.katajava.agent.testing;

import com.google.protobuf.ByteString;
import io.katajava.agent.internal.wire.ARPNeighbor;
import io.katajava.agent.internal.wire.CopyFileRequest;
import io.katajava.agent.internal.wire.Interface;
import io.katajava.agent.internal.wire.Interfaces;
import io.katajava.agent.internal.wire.Route;
import io.katajava.agent.internal.wire.Routes;
import io.katajava.agent.ttrpc.TtrpcStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The fake guest as a machine: files, network, clock, and what else calls left behind. */
public final class FakeGuest {
  private static final String SHARED = "/run/kata-containers/shared/containers/";

  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final Map<String, byte[]> partialFiles = new ConcurrentHashMap<>();
  private final Map<Boolean, ByteString> ipTables = new ConcurrentHashMap<>();
  private final List<String> swaps = new ArrayList<>();
  private final List<ARPNeighbor> neighbors = new ArrayList<>();
  private final List<Route> routes = new ArrayList<>();
  private final List<Interface> interfaces = new ArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final LinkedBlockingQueue<String> oom = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<CompletableFuture<String>> oomReaders =
      new LinkedBlockingQueue<>();
  private volatile @Nullable Instant clock;
  private volatile String policy = "";

  FakeGuest() {
    interfaces.add(
        Interface.newBuilder()
            .setDevice("lo")
            .setName("lo")
            .setMtu(65_536)
            .setHwAddr("00:00:00:00:00:00")
            .build());
    interfaces.add(
        Interface.newBuilder()
            .setDevice("eth0")
            .setName("eth0")
            .setMtu(1_500)
            .setHwAddr("02:00:00:00:00:01")
            .build());
  }

  /**
   * Files that were copied in whole.
   *
   * @return absolute path to content
   */
  public Map<String, byte[]> files() {
    return files;
  }

  /**
   * What the clock was set to.
   *
   * @return null if it was not
   */
  public @Nullable Instant clock() {
    return clock;
  }

  /**
   * The policy that was set.
   *
   * @return empty if none was
   */
  public String policy() {
    return policy;
  }

  /**
   * Lets a container run out of memory, for a client that waits for such events.
   *
   * @param containerId whose
   */
  public void runOutOfMemory(String containerId) {
    lock.lock();
    try {
      CompletableFuture<String> reader = oomReaders.poll();
      if (reader == null) {
        oom.add(containerId);
      } else {
        reader.complete(containerId);
      }
    } finally {
      lock.unlock();
    }
  }

  CompletableFuture<String> nextOutOfMemory() {
    lock.lock();
    try {
      String id = oom.poll();
      CompletableFuture<String> reader =
          id == null ? new CompletableFuture<>() : CompletableFuture.completedFuture(id);
      if (id == null) {
        oomReaders.add(reader);
      }
      return reader;
    } finally {
      lock.unlock();
    }
  }

  void setClock(Instant now) {
    clock = now;
  }

  void setPolicy(String rego) {
    policy = rego;
  }

  void copy(CopyFileRequest request) {
    String path = request.getPath();
    if (!path.startsWith(SHARED) || path.contains("..")) {
      throw FakeContainers.refused(
          TtrpcStatus.INVALID_ARGUMENT, "path is not below " + SHARED + ": " + path);
    }
    int type = request.getFileMode() & 0170000;
    if (type == 0040000) {
      return;
    }
    byte[] data = request.getData().toByteArray();
    if (type == 0120000) {
      files.put(path, data);
      return;
    }
    byte[] partial = partialFiles.computeIfAbsent(path, p -> new byte[(int) request.getFileSize()]);
    System.arraycopy(data, 0, partial, (int) request.getOffset(), data.length);
    if (request.getOffset() + data.length >= request.getFileSize()) {
      partialFiles.remove(path);
      files.put(path, partial);
    }
  }

  Interface update(Interface wanted) {
    lock.lock();
    try {
      for (int i = 0; i < interfaces.size(); i++) {
        if (interfaces.get(i).getHwAddr().equalsIgnoreCase(wanted.getHwAddr())) {
          interfaces.set(i, wanted);
          return wanted;
        }
      }
      throw FakeContainers.refused(
          TtrpcStatus.INTERNAL, "Link not found (Address: " + wanted.getHwAddr() + ")");
    } finally {
      lock.unlock();
    }
  }

  Interfaces interfaces() {
    lock.lock();
    try {
      return Interfaces.newBuilder().addAllInterfaces(interfaces).build();
    } finally {
      lock.unlock();
    }
  }

  Routes update(Routes wanted) {
    lock.lock();
    try {
      for (Route route : wanted.getRoutesList()) {
        routes.removeIf(
            old -> old.getDest().equals(route.getDest()) && old.getFamily() == route.getFamily());
        routes.add(route);
      }
      return Routes.newBuilder().addAllRoutes(routes).build();
    } finally {
      lock.unlock();
    }
  }

  Routes routes() {
    return update(Routes.getDefaultInstance());
  }

  void add(List<ARPNeighbor> added) {
    lock.lock();
    try {
      neighbors.addAll(added);
    } finally {
      lock.unlock();
    }
  }

  ByteString ipTables(boolean ipv6) {
    return ipTables.getOrDefault(ipv6, ByteString.EMPTY);
  }

  void setIpTables(boolean ipv6, ByteString rules) {
    ipTables.put(ipv6, rules);
  }

  void addSwap(String what) {
    lock.lock();
    try {
      swaps.add(what);
    } finally {
      lock.unlock();
    }
  }
}
