package io.katajava.image;

import io.katajava.spi.ImageConfig;
import java.util.List;
import java.util.Optional;

/**
 * An image in the store.
 *
 * @param reference its name there
 * @param digest digest of its manifest
 * @param platform what it runs on
 * @param created when it was made, as its configuration says
 * @param layers its layers, the lowest first
 * @param config what it says about containers
 */
public record Image(
    ImageReference reference,
    Digest digest,
    Platform platform,
    Optional<String> created,
    List<Layer> layers,
    ImageConfig config) {

  /** Copies the layers. */
  public Image {
    layers = List.copyOf(layers);
  }

  /**
   * A layer.
   *
   * @param digest digest of its archive as it is kept
   * @param size bytes of that archive
   * @param diffId digest of the uncompressed archive
   */
  public record Layer(Digest digest, long size, Digest diffId) {}

  /**
   * How much its layers take, as they are kept.
   *
   * @return bytes
   */
  public long size() {
    return layers.stream().mapToLong(Layer::size).sum();
  }
}
