// Round trips with DigitalOcean's go-qemu. Started with a socket; answers each line "MODE COUNT" with seconds.
package main

import (
	"bufio"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
)

const batch = 64

var command = []byte(`{"execute":"query-status"}`)

func run(monitor *qmp.SocketMonitor) {
	if _, err := monitor.Run(command); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	monitor, err := qmp.NewSocketMonitor("unix", os.Args[1], 10*time.Second)
	if err == nil {
		err = monitor.Connect()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var mode string
		var count int
		if _, err := fmt.Sscanf(lines.Text(), "%s %d", &mode, &count); err != nil {
			break
		}
		begin := time.Now()
		if mode == "single" {
			for i := 0; i < count; i++ {
				run(monitor)
			}
		} else {
			// The library lets one command through at a time; this is the most one can ask of it.
			for i := 0; i < count; i += batch {
				var all sync.WaitGroup
				for j := 0; j < batch; j++ {
					all.Add(1)
					go func() {
						defer all.Done()
						run(monitor)
					}()
				}
				all.Wait()
			}
		}
		fmt.Printf("%.6f\n", time.Since(begin).Seconds())
	}
}
