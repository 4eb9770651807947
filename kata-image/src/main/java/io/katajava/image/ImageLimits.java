package io.katajava.image;

import io.katajava.MemorySize;

/**
 * Limits on the sizes and counts of an image. Images come from strangers: what goes beyond is
 * refused before anything is made of it.
 *
 * @param entries entries of one layer's archive, and names in all layers of an image: their list is
 *     kept in memory while disks are made
 * @param layerSize one layer, uncompressed
 * @param expansion how many times larger than compressed a layer of more than 256 MiB may be
 * @param layers layers of one image
 */
public record ImageLimits(int entries, MemorySize layerSize, int expansion, int layers) {
  /** 1,000,000 entries, 64 GiB a layer, 200 times larger than compressed, 256 layers. */
  public static final ImageLimits DEFAULT =
      new ImageLimits(1_000_000, MemorySize.gibibytes(64), 200, 256);

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is not positive
   */
  public ImageLimits {
    if (entries < 1 || expansion < 1 || layers < 1 || layerSize.bytes() < 1) {
      throw new IllegalArgumentException("every limit of an image must be positive");
    }
  }

  /**
   * The same with another number of entries.
   *
   * @param entries entries of one layer's archive
   * @return limits
   */
  public ImageLimits withEntries(int entries) {
    return new ImageLimits(entries, layerSize, expansion, layers);
  }

  /**
   * The same with another size of a layer.
   *
   * @param layerSize one layer, uncompressed
   * @return limits
   */
  public ImageLimits withLayerSize(MemorySize layerSize) {
    return new ImageLimits(entries, layerSize, expansion, layers);
  }

  /**
   * The same with another expansion.
   *
   * @param expansion how many times larger than compressed a layer may be
   * @return limits
   */
  public ImageLimits withExpansion(int expansion) {
    return new ImageLimits(entries, layerSize, expansion, layers);
  }
}
