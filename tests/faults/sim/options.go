package sim

import "time"

// Options say what is simulated. The zero value of each is a default.
type Options struct {
	Members int           // 0 for 1 or 3, by the seed
	Drift   time.Duration // by which the clocks of two members differ at most; 0 for none
	Faults  Faults        // nil for AllFaults
	Every   time.Duration // between two faults, about; 0 for 2 s
	Longest time.Duration // of a fault; 0 for 30 s
	Whole   float64       // the share of faults between a client and a member that it has with all members; 0 for 0.4

	Hidden []string // directories such as "/a/_b" whose events the Record keeps apart

	SnapshotEntries uint64 // after how many entries a member saves its store; 0 for 10,000
	CatchUpEntries  uint64 // how many it keeps for members that are behind; 0 for 5,000, as etcd does
}

func (o Options) withDefaults(chance *Chance) Options {
	if o.Members == 0 {
		o.Members = Pick(chance, []int{1, 3, 3, 3})
	}
	if o.Faults == nil {
		o.Faults = AllFaults()
	}
	if o.Every == 0 {
		o.Every = 2 * time.Second
	}
	if o.Longest == 0 {
		o.Longest = 30 * time.Second
	}
	if o.Whole == 0 {
		o.Whole = 0.4
	}
	if o.SnapshotEntries == 0 {
		o.SnapshotEntries = 10_000
	}
	if o.CatchUpEntries == 0 {
		o.CatchUpEntries = 5000
	}
	return o
}
