package election

import (
	"log/slog"

	"github.com/etcdv2/client/internal/errs"
)

// CampaignFailed reports to the client's Observer that a campaign of Run has failed. Another one follows.
type CampaignFailed struct {
	Election string // its name
	Err      error
}

// TermLost reports to the client's Observer that a term of Run was lost. Another campaign follows when lead has
// returned, unless the context of Run is done.
type TermLost struct {
	Election string // its name
	Token    uint64 // the term's
	Err      error  // why it was lost
}

// LogValue returns the fields.
func (e CampaignFailed) LogValue() slog.Value {
	return errs.LogValue(e.Err, slog.String("election", e.Election))
}

// LogMessage returns how etcd.LogObserver writes the event.
func (e CampaignFailed) LogMessage() (slog.Level, string) {
	return slog.LevelWarn, "election: campaign failed"
}

// LogValue returns the fields.
func (e TermLost) LogValue() slog.Value {
	return errs.LogValue(e.Err, slog.String("election", e.Election), slog.Uint64("token", e.Token))
}

// LogMessage returns how etcd.LogObserver writes the event.
func (e TermLost) LogMessage() (slog.Level, string) { return slog.LevelWarn, "election: term lost" }
