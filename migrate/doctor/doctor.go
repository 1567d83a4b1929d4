package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcdv2/client/etcd"
	"github.com/etcdv2/client/migrate/internal/sleep"
)

// Options says how to examine a cluster.
type Options struct {
	// Endpoints are the client URLs of all members. No others are asked. A proxy in front of several members does
	// not do, because the counters are those of one member.
	Endpoints []string

	// Connect returns a client of these endpoints, with the user's credentials. Examine closes it.
	Connect func(endpoints ...string) (*etcd.Client, error)

	// HTTPClient fetches /metrics. Nil means http.DefaultClient.
	HTTPClient *http.Client

	// Interval is the time between the two looks. Zero means 10 seconds.
	Interval time.Duration

	// Hidden names more hidden keys to look for, beside the well-known ones: by path or by name, as in
	// v2tree.ReadOptions.
	Hidden []string

	// LargestValue is how many bytes a key and its value may have together in v3. Zero means 1.5 MiB, which is etcd's
	// own limit for a request unless --max-request-bytes changes it.
	LargestValue int

	// Maps reports whether a key has a place in v3, as with the rules of an import. Nil means that every key has one.
	Maps func(key string) bool

	// Progress is called for each key of the tree. Nil means not to.
	Progress func(key string)
}

// Examine examines a cluster. It returns an error if no member answers, or ctx is done. What it could not find out otherwise
// is in the report.
func Examine(ctx context.Context, opts Options) (*Report, error) {
	if opts.Interval == 0 {
		opts.Interval = 10 * time.Second
	}
	if opts.HTTPClient == nil {
		opts.HTTPClient = http.DefaultClient
	}
	if opts.LargestValue == 0 {
		opts.LargestValue = 3 << 19
	}
	if opts.Progress == nil {
		opts.Progress = func(string) {}
	}
	if opts.Maps == nil {
		opts.Maps = func(string) bool { return true }
	}
	r := &Report{Interval: opts.Interval}
	patients, err := r.admit(opts)
	for _, p := range patients {
		defer p.client.Close()
	}
	if err != nil {
		return nil, err
	}
	if err := r.look(ctx, opts, patients); err != nil {
		return nil, err
	}
	return r, r.survey(ctx, opts)
}

// A patient is a member under examination.
type patient struct {
	*Member
	client *etcd.Client // of this member alone
	http   *http.Client
}

func (r *Report) admit(opts Options) ([]patient, error) {
	r.Members = make([]Member, len(opts.Endpoints))
	var all []patient
	for i, endpoint := range opts.Endpoints {
		r.Members[i].Endpoint = strings.TrimSuffix(endpoint, "/")
		client, err := opts.Connect(endpoint)
		if err != nil {
			return all, err
		}
		all = append(all, patient{&r.Members[i], client, opts.HTTPClient})
	}
	return all, nil
}

// look looks at the members twice.
func (r *Report) look(ctx context.Context, opts Options, patients []patient) error {
	each(patients, func(p patient) { p.begin(ctx) })
	var errs []error
	for _, m := range r.Members {
		errs = append(errs, m.Err)
	}
	if !slices.Contains(errs, nil) {
		return fmt.Errorf("no member answers: %w", errors.Join(errs...))
	}
	if err := sleep.For(ctx, opts.Interval); err != nil {
		return err
	}
	each(patients, func(p patient) { p.end(ctx) })
	return ctx.Err()
}

func each(patients []patient, do func(patient)) {
	var looking sync.WaitGroup
	for _, p := range patients {
		looking.Go(func() { do(p) })
	}
	looking.Wait()
}

// survey asks the members that serve v2 for what they have in common: the list of members, the tree, users and roles.
func (r *Report) survey(ctx context.Context, opts Options) error {
	var serving []string
	for _, m := range r.Members {
		if m.ServesV2 {
			serving = append(serving, m.Endpoint)
		}
	}
	if len(serving) == 0 {
		return nil
	}
	client, err := opts.Connect(serving...)
	if err != nil {
		return err
	}
	defer client.Close()
	r.countMembers(ctx, client)
	if r.Tree, err = surveyTree(ctx, client, opts); err != nil {
		r.Unknown = append(r.Unknown, fmt.Sprintf("what keys there are: %v", err))
	}
	r.surveyAuth(ctx, client)
	return ctx.Err()
}

// countMembers finds the members that no endpoint leads to, and the endpoints that do not lead to a member.
func (r *Report) countMembers(ctx context.Context, client *etcd.Client) {
	listed, err := client.Members(ctx)
	if err != nil {
		r.Unknown = append(r.Unknown, fmt.Sprintf("which members the cluster has: %v", err))
		return
	}
	for _, l := range listed {
		asked := slices.ContainsFunc(r.Members, func(m Member) bool {
			return m.ID != "" && m.ID == l.ID || slices.Contains(l.ClientURLs, m.Endpoint)
		})
		if !asked {
			r.Unasked = append(r.Unasked, l)
		}
	}
	for i := range r.Members {
		m := &r.Members[i]
		isListed := slices.ContainsFunc(listed, func(l etcd.Member) bool { return l.ID == m.ID })
		if m.Err == nil && m.ServesV2 && !isListed {
			m.Err = errors.New("it is a member of another cluster than the others")
		}
	}
}

// surveyAuth lists the users and roles that are stored. Every cluster has the role root, without storing it.
func (r *Report) surveyAuth(ctx context.Context, client *etcd.Client) {
	users, err := client.Auth().Users(ctx)
	if errors.Is(err, etcd.ErrNotSupported) { // before 2.1
		return
	}
	if err != nil {
		r.Unknown = append(r.Unknown, fmt.Sprintf("which users there are: %v", err))
		return
	}
	for _, u := range users {
		r.Users = append(r.Users, u.Name)
	}
	roles, err := client.Auth().Roles(ctx)
	if err != nil {
		r.Unknown = append(r.Unknown, fmt.Sprintf("which roles there are: %v", err))
	}
	for _, role := range roles {
		if role.Name != "root" {
			r.Roles = append(r.Roles, role.Name)
		}
	}
}
