package etcd

import (
	"context"
	"strings"
	"time"

	"github.com/etcdv2/client/gen"
)

// reachedTime is how long a member may take to tell its index.
const reachedTime = 5 * time.Second

// Reached asks the member for its index on another connection. It reads a key that does not exist, below the watched
// one, because that answer is small and the rights to the watched directory cover it. The question of the pulse will
// not do: where rights are missing, etcd reports 0, and a gateway may answer a HEAD by itself or take the index from
// the reply. If the rights cover the watched key alone, Reached reads that.
func (a *openAnswer) Reached(ctx context.Context) uint64 {
	watched := a.source.wireKey()
	below := strings.TrimPrefix(strings.TrimSuffix(watched, "/")+"/"+noKey, "/")
	if index := a.ask(ctx, below); index > 0 || a.source.recursive {
		return index
	}
	return a.ask(ctx, watched)
}

// ask reads a key at the member, and returns the index in its answer, or 0.
func (a *openAnswer) ask(ctx context.Context, key string) uint64 {
	call := newKeysCall(gen.NewGetKeyRequest(key, nil), toRead, asked{key: key})
	return a.Ask(ctx, &call.Call, reachedTime).Index
}
