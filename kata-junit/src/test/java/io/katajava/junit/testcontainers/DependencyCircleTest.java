package io.katajava.junit.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.testcontainers.lifecycle.Startable;
import org.testcontainers.lifecycle.Startables;

class DependencyCircleTest {
  private static KataContainer container(String image) {
    return new KataContainer(image);
  }

  private static void assertRefused(KataContainer container, String... names) {
    assertThatThrownBy(container::start)
        .isInstanceOf(IllegalStateException.class)
        .message()
        .contains(names)
        .contains("could be started first");
    assertThatThrownBy(container::getDependencies).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> Startables.deepStart(container))
        .isInstanceOf(IllegalStateException.class);
    assertThat(container.isCreated()).isFalse();
  }

  @Test
  void circle_isRefused_andNamed() {
    KataContainer one = container("one");
    KataContainer two = container("two").dependsOn(one);
    KataContainer three = container("three").dependsOn(List.of(two));
    assertThat(three.getDependencies()).containsExactly(two);
    one.dependsOn(three);
    assertRefused(one, "(one) depends on", "(three) depends on", "(two) depends on");
    assertRefused(three, "(three)");
  }

  @Test
  void container_thatDependsOnItself_isRefused() {
    KataContainer self = container("self");
    assertRefused(self.dependsOn(self), "(self) depends on");
  }

  @Test
  void circle_throughAnotherStartable_isRefused() {
    KataContainer mine = container("mine");
    Startable foreign =
        new Startable() {
          @Override
          public Set<Startable> getDependencies() {
            return Set.of(mine);
          }

          @Override
          public void start() {
            throw new AssertionError("it is not to be started");
          }

          @Override
          public void stop() {
            throw new AssertionError("it was not started");
          }

          @Override
          public String toString() {
            return "the foreign one";
          }
        };
    assertRefused(mine.dependsOn(foreign), "the foreign one depends on");
  }

  @Test
  void diamond_isNoCircle() {
    KataContainer base = container("base");
    KataContainer left = container("left").dependsOn(base);
    KataContainer right = container("right").dependsOn(base);
    assertThat(container("top").dependsOn(left, right).getDependencies())
        .containsExactlyInAnyOrder(left, right);
  }
}
