package cluster

// A member that lags by more than 5,000 entries of the log receives a snapshot, and calls that wait there are told
// nothing of the changes that it hides. The pulse sees that by the index of the store, if the snapshot hides
// thousands of changes; see leap.go. But quorum reads, refused writes and what etcd 3's own API writes are entries,
// too, and leave that index as it is. So a snapshot can hide a few changes only. The index of the log counts all
// entries. Each reply to a call that waits has it.
const logLeap = 4500 // entries; fewer than any snapshot hides, even if the member had more than the leader knew

// MayHaveSkipped reports whether the member of o may have received a snapshot since the header of o arrived. Later is
// the reply to another call, by which its member had applied the last change that o is to be judged by. The log is the
// same at all members, so that member may be another one. Usually there was no snapshot, but much has happened.
func (o *Open) MayHaveSkipped(later *Open) bool {
	before, entry := entryOf(o), entryOf(later)
	return before != 0 && entry > before+logLeap
}

// entryOf returns the index of the log in the header of o, or 0 if there is none.
func entryOf(o *Open) uint64 { return HeaderNumber(o.Response, "X-Raft-Index") }
