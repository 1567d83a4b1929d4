package etcd

import "log/slog"

// WatchLag says how far a watch is behind its server: at most once a second while it is more than
// 100 events of all keys behind, and once, with a Lag of 0, when it has caught up again.
type WatchLag struct {
	Key   string // the key watched
	After uint64 // all events up to this etcd index have been read from the server
	Lag   uint64 // how many the server had behind it
}

// WatchReopened says that a request of a watch has failed or was found to have been let go by the
// server, and is about to be made again. Nothing is lost by that.
type WatchReopened struct {
	Key   string // the key watched
	After uint64 // the etcd index that the watch goes on behind
	Err   error  // what went wrong
}

// MirrorResynced says that what a Mirror holds was read again, since its watch could not go on.
type MirrorResynced struct {
	Dir     string // what is mirrored
	From    uint64 // the etcd index that the mirror had come to
	To      uint64 // that of what was read; lower, where the cluster is another or was restored
	Changes int    // how many nodes differed
	Err     error  // why the watch could not go on
}

// LogValue returns the fields.
func (e WatchLag) LogValue() slog.Value {
	return slog.GroupValue(slog.String("key", e.Key), slog.Uint64("after", e.After), slog.Uint64("lag", e.Lag))
}

// LogValue returns the fields.
func (e WatchReopened) LogValue() slog.Value {
	return fields(e.Err, slog.String("key", e.Key), slog.Uint64("after", e.After))
}

// LogValue returns the fields.
func (e MirrorResynced) LogValue() slog.Value {
	return fields(e.Err, slog.String("dir", e.Dir), slog.Uint64("from", e.From), slog.Uint64("to", e.To), slog.Int("changes", e.Changes))
}
