package main

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// memoryFloor is what a build may take whatever it needs: collecting more
	// often below it costs time and gives nothing back that anybody misses.
	memoryFloor = 640 << 20
	// memoryHeadroom is what it may take for what it needs, in percent.
	memoryHeadroom = 140
	memoryInterval = time.Second
)

// boundMemory has the garbage collector keep a build close to what it needs:
// left alone it lets a heap grow by half, and by more where all cores are busy.
// The limit follows the heap, so that a large graph has the collector work no
// harder than a small one. What it returns ends that.
func boundMemory() (end func()) {
	percent, limit := debug.SetGCPercent(50), debug.SetMemoryLimit(memoryFloor)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		ticker := time.NewTicker(memoryInterval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				metrics.Read(live)
				debug.SetMemoryLimit(max(memoryFloor, int64(live[0].Value.Uint64())*memoryHeadroom/100))
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
}
