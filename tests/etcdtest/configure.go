package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Configure changes how a stopped member is started from now on: as if the cluster had been started with these options
// in addition to its own. Earlier calls count for nothing. So a member gets another version by [WithBinary], takes
// snapshots by [WithSnapshotCount] and serves no v2 by [WithoutV2]. An option that concerns the whole cluster is an
// error. Do not call Configure at the same time as other methods of the cluster or of its members.
func (m *Member) Configure(ctx context.Context, opts ...Option) error {
	if err := m.configure(ctx, opts); err != nil {
		return fmt.Errorf("etcdtest: configure member %s: %w", m.Name(), err)
	}
	return nil
}

func (m *Member) configure(ctx context.Context, opts []Option) error {
	if m.running() != nil {
		return errors.New("it is running")
	}
	own := m.cluster.cfg
	cfg, err := newConfig(slices.Concat(own.opts, opts))
	if err != nil {
		return err
	}
	if cfg.members != own.members || cfg.clientAddr != own.clientAddr || cfg.ca != own.ca || cfg.clientCert != own.clientCert {
		return errors.New("an option concerns the whole cluster")
	}
	if err := cfg.build(ctx, func(string, ...any) {}); err != nil {
		return err
	}
	if m.launch, err = cfg.starter(ctx); err != nil {
		return err
	}
	m.spec.Snapshots, m.spec.WithoutV2 = cfg.snapshots, cfg.withoutV2
	return nil
}
