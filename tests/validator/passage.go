package validator

import (
	"io"
	"slices"
	"sync"
)

// A passage is an answer's body on its way to the reader.
type passage struct {
	transport *Transport
	body      io.ReadCloser

	mu       sync.Mutex // a body may be closed while it is read
	check    *check
	reported int
	ended    bool
}

// step takes the check one step further, and then reports what that found. It holds no lock then, since Report may close
// the body. It returns false if the exchange had ended.
func (p *passage) step(do func(*check)) bool {
	p.mu.Lock()
	var fresh []Finding
	goesOn := !p.ended
	if goesOn {
		do(p.check)
		fresh = slices.Clone(p.check.findings[p.reported:])
		p.reported = len(p.check.findings)
	}
	p.mu.Unlock()
	if p.transport.Report != nil {
		for _, f := range fresh {
			p.transport.Report(f)
		}
	}
	return goesOn
}

func (p *passage) Read(into []byte) (int, error) {
	n, err := p.body.Read(into)
	p.step(func(c *check) {
		p.record(into[:n])
		c.body(into[:n])
	})
	if err != nil {
		p.end(err != io.EOF)
	}
	if err != nil && err != io.EOF {
		p.transport.reportError(err)
	}
	return n, err
}

// record keeps what has come, up to MaxBody bytes.
func (p *passage) record(data []byte) {
	if p.transport.Record == nil {
		return
	}
	e := p.check.exchange
	if room := p.transport.maxBody() - len(e.ResponseBody); len(data) > room {
		data, e.Cut = data[:room], true
	}
	e.ResponseBody = append(e.ResponseBody, data...)
}

// Close ends the exchange. If the body was not read to its end, the missing part is not reported.
func (p *passage) Close() error {
	p.end(true)
	return p.body.Close()
}

func (p *passage) end(cut bool) {
	ends := p.step(func(c *check) {
		p.ended = true
		long := c.exchange.Cut // only the record is
		c.exchange.Cut = cut
		c.end()
		c.exchange.Cut = cut || long
	})
	if ends && p.transport.Record != nil {
		p.transport.Record(p.check.exchange)
	}
}

// An upgrade is a passage that can be written to.
type upgrade struct {
	*passage
	io.Writer
}
