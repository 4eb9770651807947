// Unary round trips per second of the Go ttRPC client: the other side of `kata bench rpc`.
// usage: rpcbench SOCKET IN_FLIGHT WARM_UP_SECONDS SECONDS
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

func main() {
	inFlight, _ := strconv.Atoi(os.Args[2])
	warmUp, _ := strconv.ParseFloat(os.Args[3], 64)
	seconds, _ := strconv.ParseFloat(os.Args[4], 64)
	connection, err := net.Dial("unix", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	client := ttrpc.NewClient(connection)
	defer client.Close()
	run(client, inFlight, warmUp)
	begin := time.Now()
	calls := run(client, inFlight, seconds)
	fmt.Printf("%.1f\n", float64(calls)/time.Since(begin).Seconds())
}

func run(client *ttrpc.Client, inFlight int, seconds float64) int64 {
	var calls atomic.Int64
	var all sync.WaitGroup
	end := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	for range inFlight {
		all.Add(1)
		go func() {
			defer all.Done()
			for time.Now().Before(end) {
				// The reply's fields are kept as unknown ones: it is decoded like any message.
				err := client.Call(context.Background(), "grpc.Health", "Check", &emptypb.Empty{}, &emptypb.Empty{})
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				calls.Add(1)
			}
		}()
	}
	all.Wait()
	return calls.Load()
}
