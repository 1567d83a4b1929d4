package cluster

import "net/http"

// credentials are what is sent with each request as basic auth. Nothing but Cluster.credentials keeps them.
type credentials struct {
	username string // empty for none
	password string
	replaced chan struct{} // closed when others have taken their place
}

// SetCredentials makes the calls that begin from now on carry other credentials. An empty username means none,
// as in a new Cluster. A call that has begun keeps its own when it goes to the next member.
func (c *Cluster) SetCredentials(username, password string) {
	former := c.credentials.Swap(&credentials{username, password, make(chan struct{})})
	if former != nil {
		close(former.replaced)
	}
}

// CredentialsReplaced returns a channel that the next SetCredentials closes.
func (c *Cluster) CredentialsReplaced() <-chan struct{} { return c.credentials.Load().replaced }

// authorize adds the present credentials to req.
func (c *Cluster) authorize(req *http.Request) {
	if present := c.credentials.Load(); present.username != "" {
		req.SetBasicAuth(present.username, present.password)
	}
}
