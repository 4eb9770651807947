package io.katajava.internal.exec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteQueueTest {

  @Test
  void bytes_addedOneByOne_costLittleMoreThanTheyAre() {
    ByteQueue queue = new ByteQueue();
    for (int i = 0; i < 1_000_000; i++) {
      queue.add(new byte[] {(byte) i});
    }
    assertThat(queue.size()).isEqualTo(1_000_000);
    assertThat(queue.cost()).isLessThan(1_000_000 + (70 << 10));
  }

  @Test
  void smallAndLargePieces_inTurn_wasteLittle() {
    ByteQueue queue = new ByteQueue();
    for (int i = 0; i < 1000; i++) {
      queue.add(new byte[1]);
      queue.add(new byte[5000]);
    }
    assertThat(queue.cost()).isLessThan(queue.size() * 13 / 10);
  }

  @Test
  void piecesOfAllSizes_takenInAllWays_areTheSameBytes() throws IOException {
    Random random = new Random(7);
    ByteQueue queue = new ByteQueue();
    ByteArrayOutputStream in = new ByteArrayOutputStream();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < 3000; i++) {
      byte[] piece = new byte[random.nextInt(3) == 0 ? random.nextInt(9000) : random.nextInt(9)];
      random.nextBytes(piece);
      in.write(piece);
      queue.add(piece);
      if (random.nextInt(4) == 0 && !queue.isEmpty()) {
        java.nio.ByteBuffer chunk = queue.poll();
        out.write(chunk.array(), chunk.arrayOffset() + chunk.position(), chunk.remaining());
      } else if (random.nextBoolean()) {
        byte[] target = new byte[random.nextInt(5000)];
        out.write(target, 0, queue.read(target, 0, target.length));
      }
    }
    out.write(queue.takeAll());
    assertThat(out.toByteArray()).isEqualTo(in.toByteArray());
    assertThat(queue.size()).isZero();
    assertThat(queue.cost()).isZero();
  }
}
