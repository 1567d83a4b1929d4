package replicate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/etcdv2/client/etcd"
)

// revoke takes from a role what it may write, and notes that in the source first, so that grant can give it back after any
// crash.
func (s source) revoke(ctx context.Context, role string) error {
	if role == "" {
		return nil
	}
	is, err := s.client.Auth().Role(ctx, role)
	if err != nil {
		return fmt.Errorf("replicate: revoke role %s: %w", role, err)
	}
	saved, err := s.saved(ctx, role)
	if err != nil {
		return err
	}
	for _, pattern := range is.Permissions.Write {
		if !slices.Contains(saved, pattern) {
			saved = append(saved, pattern)
		}
	}
	text, err := json.Marshal(saved)
	if err != nil {
		return err
	}
	if _, err := insist(ctx, func() (*etcd.Response, error) { return s.client.Set(ctx, s.revoked(role), string(text)) }); err != nil {
		return err
	}
	if len(is.Permissions.Write) == 0 {
		return nil
	}
	err = s.client.Auth().RevokePermissions(ctx, role, etcd.Permissions{Write: is.Permissions.Write})
	if err != nil && !errors.Is(err, etcd.ErrNotGranted) {
		return fmt.Errorf("replicate: revoke role %s: %w", role, err)
	}
	return nil
}

// grant gives back what revoke has taken.
func (s source) grant(ctx context.Context, role string) error {
	if role == "" {
		return nil
	}
	saved, err := s.saved(ctx, role)
	if err != nil || len(saved) == 0 {
		return err
	}
	is, err := s.client.Auth().Role(ctx, role)
	if err != nil {
		return fmt.Errorf("replicate: grant role %s: %w", role, err)
	}
	saved = slices.DeleteFunc(saved, func(pattern string) bool { return slices.Contains(is.Permissions.Write, pattern) })
	if len(saved) > 0 {
		if err := s.client.Auth().GrantPermissions(ctx, role, etcd.Permissions{Write: saved}); err != nil {
			return fmt.Errorf("replicate: grant role %s: %w", role, err)
		}
	}
	_, err = s.client.Delete(ctx, s.revoked(role))
	return err
}

// revoked is the key that notes what was taken from a role.
func (s source) revoked(role string) string { return s.dir + "/revoked-" + role }

// saved returns what the key notes.
func (s source) saved(ctx context.Context, role string) ([]string, error) {
	resp, err := insist(ctx, func() (*etcd.Response, error) { return s.client.Get(ctx, s.revoked(role), etcd.WithQuorum()) })
	if errors.Is(err, etcd.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var patterns []string
	if err := json.Unmarshal([]byte(resp.Node.Value), &patterns); err != nil {
		return nil, fmt.Errorf("replicate: %s is not a list of permissions: %w", s.revoked(role), err)
	}
	return patterns, nil
}
