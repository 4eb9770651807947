package io.katajava.internal.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.MemorySize;
import io.katajava.SandboxStats;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GuestFiguresTest {

  @Test
  void figures_ofKatasNames_haveUnits() {
    SandboxStats stats =
        new GuestFigures(
                """
                # TYPE kata_guest_meminfo gauge
                kata_guest_meminfo{item="mem_total"} 1048576
                kata_guest_meminfo{item="mem_available"} 2.62144e5
                kata_guest_cpu_time{cpu="0",item="user"} 7
                kata_guest_cpu_time{cpu="total",item="user"} 1500
                kata_guest_cpu_time{item="irq",cpu="total"} 20
                kata_guest_cpu_time{cpu="total",item="softirq"} 30
                kata_guest_load{item="load1"} 0.25
                kata_guest_tasks{item="max"} 75 1700000000
                """)
            .with(Map.of());
    assertThat(stats.memory().total()).isEqualTo(MemorySize.mebibytes(1));
    assertThat(stats.memory().used()).isEqualTo(MemorySize.kibibytes(768));
    assertThat(stats.cpu().busy()).isEqualTo(Duration.ofMillis(1550));
    assertThat(stats.load().lastMinute()).isEqualTo(0.25);
    assertThat(stats.load().tasks()).isEqualTo(75);
    assertThat(stats.containersCpu()).isZero();
  }

  @Test
  void figures_ofAGuestThatLies_throwNothing() {
    SandboxStats stats =
        new GuestFigures(
                """
                kata_guest_meminfo{item="mem_total"} -5
                kata_guest_meminfo{item="mem_free"} NaN
                kata_guest_meminfo{item="cached"} lots
                kata_guest_cpu_time{cpu="total",item="idle"} 1e300
                kata_guest_meminfo{item=
                """)
            .with(Map.of());
    assertThat(stats.memory().total().bytes()).isZero();
    assertThat(stats.memory().used().bytes()).isZero();
    assertThat(stats.cpu().idle()).isPositive();
  }
}
