// Package proof tells what traffic proves of a description: which of its parts were seen, see [Measure], and whether the
// traffic would notice if a part were another, see [Mutate].
//
// Mutate changes the description in one place at a time, and replays recorded traffic to each such mutant. What that
// does not notice, no traffic has proven.
package proof
