package io.katajava;

import java.util.Arrays;

/** A file that a container gets from outside, read-only, kept in the guest's memory alone. */
public final class InjectedFile {
  private final String path;
  private final byte[] content;
  private final int permissions;
  private final boolean secret;

  /**
   * Describes a file.
   *
   * @param path absolute path in the container
   * @param content its bytes, which are copied
   * @param permissions such as 0644
   * @param secret whether its bytes are a secret
   */
  public InjectedFile(String path, byte[] content, int permissions, boolean secret) {
    this.path = path;
    this.content = content.clone();
    this.permissions = permissions;
    this.secret = secret;
  }

  /**
   * Where it is.
   *
   * @return absolute path in the container
   */
  public String path() {
    return path;
  }

  /**
   * Its bytes.
   *
   * @return a copy
   */
  public byte[] content() {
    return content.clone();
  }

  /**
   * Its permissions.
   *
   * @return such as 0644
   */
  public int permissions() {
    return permissions;
  }

  /**
   * Whether its bytes are a secret, which only the container's user may read.
   *
   * @return whether they are
   */
  public boolean isSecret() {
    return secret;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof InjectedFile file
        && file.path.equals(path)
        && file.permissions == permissions
        && file.secret == secret
        && Arrays.equals(file.content, content);
  }

  @Override
  public int hashCode() {
    return path.hashCode() * 31 + permissions;
  }

  /** The content is not told. */
  @Override
  public String toString() {
    return "InjectedFile[" + path + (secret ? ", secret" : "") + "]";
  }
}
