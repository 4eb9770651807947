package io.katajava.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.ProgressEvent;
import io.katajava.ProgressListener;
import io.katajava.image.testing.FakeRegistry;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pulls from registries that misbehave. */
class PullTest {
  @TempDir Path directory;
  private FakeRegistry registry;
  private LayoutBuilder image;
  private byte[] layer;

  @BeforeEach
  void serve() {
    registry = new FakeRegistry();
    byte[] random = new byte[300_000];
    new Random(3).nextBytes(random);
    LayerBuilder builder = new LayerBuilder().file("random", 0644, 0, 0, random);
    layer = builder.gzip();
    image =
        new LayoutBuilder()
            .layer(layer, builder.tar())
            .layer(new LayerBuilder().file("second", "x"));
    registry.serve("team/app", "1", image);
  }

  @AfterEach
  void close() {
    registry.close();
  }

  private ImageStore store(RegistryOptions.Builder options) {
    return ImageStore.builder()
        .directory(directory.resolve("store"))
        .registries(options.dockerConfig(directory.resolve("config.json")).build())
        .timeout(Duration.ofMinutes(2))
        .build();
  }

  private ImageStore store() {
    return store(RegistryOptions.builder());
  }

  private ImageReference app() {
    return ImageReference.parse(registry.host() + "/team/app:1");
  }

  private String layerPath() {
    return "/v2/team/app/blobs/" + Digest.sha256(layer);
  }

  private static String header(com.sun.net.httpserver.HttpExchange exchange) {
    String value = exchange.getRequestHeaders().getFirst("Authorization");
    return value == null ? "" : value;
  }

  @Test
  void pull_isWholeAndNotPulledAgain() {
    List<ProgressEvent> events = new CopyOnWriteArrayList<>();
    Image pulled = store().pull(app(), events::add);
    assertThat(pulled.digest()).isEqualTo(Digest.sha256(image.manifest()));
    assertThat(store().find(app())).contains(pulled);
    assertThat(events.stream().filter(ProgressEvent::ended)).hasSize(2);
    assertThat(store().find(ImageReference.parse(app() + "@" + pulled.digest()))).isPresent();

    int before = registry.requests().size();
    store().pull(app(), ProgressListener.NONE);
    assertThat(registry.requests().subList(before, registry.requests().size()))
        .filteredOn(request -> !request.endsWith("/v2/"))
        .containsExactly("GET /v2/team/app/manifests/1");
  }

  @Test
  void download_isInterrupted_goesOnWhereItStopped() {
    AtomicInteger cuts = new AtomicInteger();
    registry.trick(
        (exchange, content) -> {
          if (exchange.getRequestURI().getPath().equals(layerPath())
              && cuts.getAndIncrement() == 0) {
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content, 0, 100_000);
            exchange.getResponseBody().flush();
            return true;
          }
          return false;
        });
    store().pull(app(), ProgressListener.NONE);
    assertThat(registry.requests())
        .filteredOn(request -> request.contains(layerPath()))
        .hasSize(2)
        .last()
        .asString()
        .contains("bytes=");
  }

  @Test
  void download_wasGivenUp_nextPullGoesOn() throws Exception {
    registry.trick(
        (exchange, content) -> {
          if (exchange.getRequestURI().getPath().equals(layerPath())) {
            FakeRegistry.send(exchange, 403, new byte[0]);
            return true;
          }
          return false;
        });
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> store().pull(app(), ProgressListener.NONE))
        .withMessageContaining("denies access")
        .matches(e -> e.code() == ErrorCode.IMAGE_PULL_FAILED);
    assertThat(store().find(app())).isEmpty();
    Files.write(
        directory.resolve("store/parts/sha256-" + Digest.sha256(layer).hex()),
        Arrays.copyOf(layer, 5000));
    registry.trick((exchange, content) -> false);

    store().pull(app(), ProgressListener.NONE);

    assertThat(registry.requests()).contains("GET " + layerPath() + " bytes=5000-");
    assertThat(directory.resolve("store/parts")).isEmptyDirectory();
  }

  @Test
  void download_isCorrupted_isRefusedAndLeavesNothing() {
    byte[] wrong = layer.clone();
    wrong[1000] ^= 1;
    registry.replace(layerPath(), wrong);
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> store().pull(app(), ProgressListener.NONE))
        .withMessageContaining("has the digest")
        .matches(e -> e.code() == ErrorCode.IMAGE_REFUSED);
    // Of other layers parts may stay, for the next pull.
    assertThat(directory.resolve("store/parts/sha256-" + Digest.sha256(layer).hex()))
        .doesNotExist();
    assertThat(directory.resolve("store/blobs/sha256/" + Digest.sha256(layer).hex()))
        .doesNotExist();
  }

  @Test
  void download_isLongerThanSaid_isRefused() {
    registry.replace(layerPath(), Arrays.copyOf(layer, layer.length + 1));
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> store().pull(app(), ProgressListener.NONE))
        .withMessageContaining("sends more than");
  }

  @Test
  void manifest_isNotThatOfTheDigest_isRefused() {
    Digest digest = Digest.sha256(image.manifest());
    registry.replace("/v2/team/app/manifests/" + digest, "{}".getBytes(UTF_8));
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(
            () ->
                store()
                    .pull(
                        ImageReference.parse(registry.host() + "/team/app@" + digest),
                        ProgressListener.NONE))
        .matches(e -> e.code() == ErrorCode.IMAGE_REFUSED);
  }

  @Test
  void answers_areNoJsonOrEndless_areRefused() {
    for (byte[] content : List.of("<html>".getBytes(UTF_8), new byte[5 << 20])) {
      registry.replace("/v2/team/app/manifests/1", content);
      assertThatExceptionOfType(KataException.class)
          .isThrownBy(() -> store().pull(app(), ProgressListener.NONE));
    }
    assertThat(store().list()).isEmpty();
  }

  @Test
  void registry_isBusy_isAskedAgain() {
    AtomicInteger refusals = new AtomicInteger();
    registry.trick(
        (exchange, content) -> {
          if (exchange.getRequestURI().getPath().equals(layerPath())
              && refusals.getAndIncrement() < 2) {
            FakeRegistry.send(exchange, 503, new byte[0]);
            return true;
          }
          return false;
        });
    store().pull(app(), ProgressListener.NONE);
    assertThat(refusals).hasValue(3);
  }

  @Test
  void image_isNotThere_saysSo() {
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(
            () ->
                store()
                    .pull(
                        ImageReference.parse(registry.host() + "/team/none"),
                        ProgressListener.NONE))
        .withMessageContaining("has no /v2/team/none/manifests/latest")
        .matches(e -> e.code() == ErrorCode.IMAGE_NOT_FOUND);
  }

  /** A registry that takes only tokens of its own token server, which wants a password. */
  private void wantTokens() {
    registry.trick(
        (exchange, content) -> {
          String path = exchange.getRequestURI().getPath();
          if (path.equals("/token")) {
            boolean right =
                header(exchange)
                    .equals(
                        "Basic " + Base64.getEncoder().encodeToString("me:secret".getBytes(UTF_8)));
            boolean scoped =
                exchange.getRequestURI().getQuery().contains("scope=repository:team/app:pull");
            FakeRegistry.send(
                exchange,
                right && scoped ? 200 : 401,
                right ? "{\"token\":\"t0k3n\"}".getBytes(UTF_8) : new byte[0]);
            return true;
          }
          if (path.startsWith("/v2/team") && !header(exchange).equals("Bearer t0k3n")) {
            exchange
                .getResponseHeaders()
                .set(
                    "WWW-Authenticate",
                    "Bearer realm=\"http://"
                        + registry.host()
                        + "/token\",service=\"a, service\",scope=\"repository:team/app:pull\"");
            FakeRegistry.send(exchange, 401, new byte[0]);
            return true;
          }
          return false;
        });
  }

  @Test
  void tokens_areFetchedWithTheCredentials() throws IOException {
    wantTokens();
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> store().pull(app(), ProgressListener.NONE))
        .withMessageContaining("token server")
        .matches(e -> e.remedy().orElse("").contains("docker login"));
    store(RegistryOptions.builder().credentials(registry.host(), "me", "secret"))
        .pull(app(), ProgressListener.NONE);
    store().remove(app());
    Files.writeString(
        directory.resolve("config.json"),
        "{\"auths\":{\""
            + registry.host()
            + "\":{\"auth\":\""
            + Base64.getEncoder().encodeToString("me:secret".getBytes(UTF_8))
            + "\"}}}");
    store().pull(app(), ProgressListener.NONE);
  }

  @Test
  void redirect_toAnotherHost_carriesNoCredentials() {
    try (FakeRegistry other = new FakeRegistry()) {
      List<String> seen = new CopyOnWriteArrayList<>();
      other.trick(
          (exchange, content) -> {
            seen.add(header(exchange));
            if (exchange.getRequestURI().getPath().equals("/elsewhere")) {
              // A server of content that leads on within itself is still not the registry.
              exchange
                  .getResponseHeaders()
                  .set(
                      "Location", "http://" + exchange.getRequestHeaders().getFirst("Host") + "/2");
              FakeRegistry.send(exchange, 307, new byte[0]);
              return true;
            }
            FakeRegistry.send(exchange, 200, layer);
            return true;
          });
      registry.trick(
          (exchange, content) -> {
            if (!exchange.getRequestURI().getPath().startsWith("/v2/team")) {
              return false;
            }
            if (header(exchange).isEmpty()) {
              exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"r\"");
              FakeRegistry.send(exchange, 401, new byte[0]);
              return true;
            }
            if (exchange.getRequestURI().getPath().equals(layerPath())) {
              exchange
                  .getResponseHeaders()
                  .set("Location", "http://" + other.host() + "/elsewhere");
              FakeRegistry.send(exchange, 307, new byte[0]);
              return true;
            }
            return false;
          });
      store(RegistryOptions.builder().credentials(registry.host(), "me", "secret"))
          .pull(app(), ProgressListener.NONE);
      assertThat(seen).hasSize(2).containsOnly("");
    }
  }

  @Test
  void mirror_isAskedFirst_andTheRegistryWhenItFails() {
    try (FakeRegistry mirror = new FakeRegistry()) {
      RegistryOptions.Builder options =
          RegistryOptions.builder().mirror(registry.host(), mirror.host());
      store(options).pull(app(), ProgressListener.NONE);
      assertThat(mirror.requests()).contains("GET /v2/team/app/manifests/1");
      assertThat(registry.requests()).contains("GET " + layerPath());

      mirror.serve("team/app", "2", image);
      int before = registry.requests().size();
      store(options)
          .pull(ImageReference.parse(registry.host() + "/team/app:2"), ProgressListener.NONE);
      assertThat(registry.requests()).hasSize(before);
    }
  }

  @Test
  void blobs_arePulledAtOnce() {
    CountDownLatch both = new CountDownLatch(2);
    registry.trick(
        (exchange, content) -> {
          String path = exchange.getRequestURI().getPath();
          if (image.layers().stream().anyMatch(each -> path.endsWith(Digest.sha256(each).hex()))) {
            both.countDown();
            try {
              // Each waits for the other: one after the other would never end.
              assertThat(both.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
          return false;
        });
    store().pull(app(), ProgressListener.NONE);
    assertThat(both.getCount()).isZero();
  }

  @Test
  void pull_threadIsInterrupted_ends() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    registry.trick(
        (exchange, content) -> {
          if (exchange.getRequestURI().getPath().equals(layerPath())) {
            asked.countDown();
            try {
              ended.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
          return false;
        });
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    Thread puller =
        new Thread(
            () -> {
              try {
                store().pull(app(), ProgressListener.NONE);
              } catch (KataException e) {
                failures.add(e);
              }
            });
    puller.start();
    assertThat(asked.await(60, TimeUnit.SECONDS)).isTrue();
    puller.interrupt();
    puller.join(60_000);
    ended.countDown();
    assertThat(failures)
        .singleElement()
        .matches(e -> ((KataException) e).code() == ErrorCode.INTERRUPTED);
  }
}
