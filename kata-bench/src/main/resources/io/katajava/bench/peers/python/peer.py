"""Round trips with qemu.qmp. Started with a socket; answers each line "MODE COUNT" with seconds."""
import asyncio
import sys
import time

from qemu.qmp import QMPClient

BATCH = 64


async def main() -> None:
    qmp = QMPClient("bench")
    await qmp.connect(sys.argv[1])
    print("ready", flush=True)
    while True:
        line = await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        if not line:
            break
        mode, count = line.split()
        begin = time.monotonic()
        if mode == "single":
            for _ in range(int(count)):
                await qmp.execute("query-status")
        else:
            for _ in range(0, int(count), BATCH):
                await asyncio.gather(*(qmp.execute("query-status") for _ in range(BATCH)))
        print(f"{time.monotonic() - begin:.6f}", flush=True)
    await qmp.disconnect()


asyncio.run(main())
