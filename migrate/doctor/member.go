package doctor

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/etcdv2/client/etcd"
)

// A Member is what the examination found out about one member.
type Member struct {
	Endpoint string
	ID       string // empty if the member does not serve v2
	Version  string
	ServesV2 bool

	// Before and After are the counters at the two looks, if the member serves v2.
	Before, After etcd.StoreStats

	// Probes is how many requests for /health the member answered between the two looks. It is known if the member
	// serves /metrics at the endpoint.
	Probes      uint64
	ProbesKnown bool

	Err error // why the member could not be examined

	started time.Time
	probes  uint64 // at the first look
}

// Writes returns how many writes the member counted between the two looks, refused ones included. They are those of the whole
// cluster.
func (m *Member) Writes() uint64 { return writes(m.After) - writes(m.Before) }

func writes(s etcd.StoreStats) uint64 {
	return s.SetsSuccess + s.SetsFail + s.CreateSuccess + s.CreateFail + s.UpdateSuccess + s.UpdateFail + s.DeleteSuccess + s.DeleteFail +
		s.CompareAndSwapSuccess + s.CompareAndSwapFail + s.CompareAndDeleteSuccess + s.CompareAndDeleteFail
}

// Reads returns how many reads the member counted between the two looks: its own, and the quorum reads of the whole cluster,
// each /health among them. The server itself reads too: up to two times for each request, to see whether authentication
// is on.
func (m *Member) Reads() uint64 { return reads(m.After) - reads(m.Before) }

func reads(s etcd.StoreStats) uint64 { return s.GetsSuccess + s.GetsFail }

// Expired returns how many keys expired between the two looks.
func (m *Member) Expired() uint64 { return m.After.ExpireCount - m.Before.ExpireCount }

// kinds lists the kinds of writes that the member counted between the two looks.
func (m *Member) kinds() string {
	b, a := m.Before, m.After
	var found []string
	for _, kind := range []struct {
		name          string
		before, after uint64
	}{
		{"set", b.SetsSuccess + b.SetsFail, a.SetsSuccess + a.SetsFail},
		{"creation", b.CreateSuccess + b.CreateFail, a.CreateSuccess + a.CreateFail},
		{"update", b.UpdateSuccess + b.UpdateFail, a.UpdateSuccess + a.UpdateFail},
		{"deletion", b.DeleteSuccess + b.DeleteFail, a.DeleteSuccess + a.DeleteFail},
		{"compare-and-swap", b.CompareAndSwapSuccess + b.CompareAndSwapFail, a.CompareAndSwapSuccess + a.CompareAndSwapFail},
		{"compare-and-delete", b.CompareAndDeleteSuccess + b.CompareAndDeleteFail, a.CompareAndDeleteSuccess + a.CompareAndDeleteFail},
	} {
		if n := kind.after - kind.before; n > 0 {
			found = append(found, number(n, kind.name))
		}
	}
	return strings.Join(found, ", ")
}

// begin finds out what the member is, and takes the first look.
func (p patient) begin(ctx context.Context) {
	version, err := p.client.Version(ctx)
	if err != nil {
		p.Err = err
		return
	}
	p.Version = version.Server
	self, err := p.client.SelfStats(ctx)
	switch {
	case errors.Is(err, etcd.ErrNotSupported):
		return
	case err != nil:
		p.Err = err
		return
	}
	p.ID, p.started, p.ServesV2 = self.ID, self.StartTime, true
	p.Before, p.Err = p.client.StoreStats(ctx)
	p.probes, err = p.probesSoFar(ctx)
	p.ProbesKnown = err == nil
}

// end takes the second look.
func (p patient) end(ctx context.Context) {
	if p.Err != nil || !p.ServesV2 {
		return
	}
	p.After, p.Err = p.client.StoreStats(ctx)
	self, err := p.client.SelfStats(ctx)
	switch {
	case p.Err != nil:
	case err != nil:
		p.Err = err
	case self.ID != p.ID:
		p.Err = errors.New("the endpoint leads to several members; name the URL of each")
	case !self.StartTime.Equal(p.started): // its counters began at zero again
		p.Err = errors.New("it was restarted between the two looks")
	}
	if p.Err != nil || !p.ProbesKnown {
		return
	}
	probes, err := p.probesSoFar(ctx)
	p.Probes, p.ProbesKnown = probes-p.probes, err == nil && probes >= p.probes
}

// probesSoFar returns how many requests for /health the member has answered since its start.
func (p patient) probesSoFar(ctx context.Context) (uint64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Endpoint+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	req.Close = true // it is asked twice only
	resp, err := p.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var sum float64
	found := false
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if name == "etcd_server_health_success" || name == "etcd_server_health_failures" {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return 0, err
			}
			sum, found = sum+n, true
		}
	}
	if !found { // before 3.3
		return 0, errors.New("the metrics do not count requests for /health")
	}
	return uint64(sum), nil
}
