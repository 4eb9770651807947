package io.katajava.qemu.internal;

import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpSchema;
import io.katajava.qmp.command.RemoveFd;
import io.katajava.qmp.type.AddfdInfo;

/**
 * How a machine's state goes to a file of ours and comes from one. Either way QEMU is given the
 * open file, so that its user needs no right on it.
 */
enum StateTransport {
  /** QEMU opens the file by the name of a set of descriptors, and so as a file. */
  FILE {
    @Override
    Handed hand(QmpClient qmp, FileDescriptor file) {
      AddfdInfo added = qmp.addFd(file.number(), null);
      return new Handed(
          "file:/dev/fdset/" + added.fdsetId(),
          // QEMU has a descriptor of its own by now; without this, each save would leave it one.
          () -> qmp.executeAsync(new RemoveFd(added.fdsetId())));
    }
  },

  /**
   * QEMU takes the descriptor for a stream. The only way where migration knows no files; where it
   * does, files are refused in the end.
   */
  DESCRIPTOR {
    @Override
    Handed hand(QmpClient qmp, FileDescriptor file) {
      qmp.getFd(NAME, file.number());
      return new Handed("fd:" + NAME, () -> {});
    }
  };

  /** The name under which QEMU is given the file. */
  private static final String NAME = "state";

  /**
   * What a QEMU offers, by its own word.
   *
   * @param schema its schema
   */
  static StateTransport of(QmpSchema schema) {
    return schema.hasArgumentValue("migrate", "channels.addr.transport", "file")
        ? FILE
        : DESCRIPTOR;
  }

  /**
   * Gives QEMU the file.
   *
   * @param file open for what is to be done with it and nothing else: QEMU compares
   * @return where the state goes to or comes from
   */
  abstract Handed hand(QmpClient qmp, FileDescriptor file);

  /**
   * A file that QEMU has been given.
   *
   * @param uri its name in {@code migrate} and {@code migrate-incoming}
   * @param taking what takes it back once QEMU has opened it, without waiting
   */
  record Handed(String uri, Runnable taking) implements AutoCloseable {
    @Override
    public void close() {
      taking.run();
    }
  }
}
