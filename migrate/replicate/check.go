package replicate

import (
	"context"
	"errors"
	"fmt"

	"github.com/etcdv2/client/migrate/verify"
)

// Check says what a Run would do, and changes nothing: it compares the target with the source, and calls report for each
// difference, of which there can be many. Before the cut-over, keys of the target do not expire, which does not count as a
// difference. Run must not be under way.
func (r *Replicator) Check(ctx context.Context, report func(verify.Difference)) (verify.Summary, error) {
	target := r.config.Target
	found, was, err := target.open(ctx, r.config.Name, r.roots)
	if err != nil {
		return verify.Summary{}, err
	}
	defer target.close()
	if err := r.fits(ctx); err != nil {
		return verify.Summary{}, err
	}
	sum, err := verify.Compare(r.wanted(ctx), target.nodes(ctx), verify.Options{}, func(d verify.Difference) {
		if d.Kind != verify.TTL {
			report(d)
		}
	})
	switch {
	case err != nil:
		return sum, err
	case was && found.State == Switched:
		return sum, ErrSwitched
	case !was && !r.config.Adopt && sum.Equal+sum.Different() > sum.Differences[verify.Missing]:
		return sum, ErrNotEmpty
	}
	sum.Equal += sum.Differences[verify.TTL]
	sum.Differences[verify.TTL] = 0
	return sum, nil
}

// fits returns an error that names what the target cannot hold of what the source has now.
func (r *Replicator) fits(ctx context.Context) error {
	var errs []error
	for node, err := range r.wanted(ctx) {
		if err != nil {
			return err
		}
		if err := r.config.Target.fits(node); err != nil {
			if errs = append(errs, err); len(errs) == 20 {
				errs = append(errs, fmt.Errorf("and perhaps more"))
				break
			}
		}
	}
	return errors.Join(errs...)
}
