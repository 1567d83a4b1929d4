package mirror_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/tests/internal/live"
)

// many is how many files the benchmarks read.
const many = 10_000

// fill writes many files, 100 to a directory.
func fill(b *testing.B, s live.Server) {
	var writers sync.WaitGroup
	for w := range 16 {
		writers.Go(func() {
			for i := w; i < many; i += 16 {
				key := fmt.Sprintf("%s/%02d/service-%02d", s.Dir, i/100, i%100)
				if _, err := s.Client.Set(b.Context(), key, "http://10.0.0.1:8080"); err != nil {
					b.Error(err)
				}
			}
		})
	}
	writers.Wait()
}

// Loading a mirror is to cost hardly more than the read alone.
func BenchmarkMirrorLoad(b *testing.B) {
	s := live.Latest(b)
	fill(b, s)
	b.Run("Mirror", func(b *testing.B) {
		for b.Loop() {
			m, err := s.Client.Mirror(b.Context(), s.Dir)
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if err := m.Close(); err != nil {
				b.Error(err)
			}
			b.StartTimer()
		}
	})
	b.Run("Get", func(b *testing.B) {
		for b.Loop() {
			must(b)(s.Client.Get(b.Context(), s.Dir, etcd.WithRecursive()))
		}
	})
}
