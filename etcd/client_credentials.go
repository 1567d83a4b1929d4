package etcd

import (
	"strings"

	"github.com/etcdv2/client/internal/errs"
)

// SetCredentials replaces the Username and Password of the client's Config. Two empty strings mean no
// credentials. It returns ErrInvalidArgument for credentials that New would refuse; the client keeps its own
// then. It sends nothing, and does not find out whether the server accepts the credentials.
//
// Calls that begin later carry the new credentials, and so does the next request of each watch, mirror, lock
// and election that is running.
func (c *Client) SetCredentials(username, password string) error {
	if err := checkCredentials(username, password); err != nil {
		return err
	}
	c.cluster.SetCredentials(username, password)
	return nil
}

// checkCredentials refuses what basic auth cannot carry. It quotes nothing: a name may hold the password, too.
func checkCredentials(username, password string) error {
	switch {
	case username == "" && password != "":
		return errs.Invalidf("password without a user name")
	case strings.Contains(username, ":"):
		return errs.Invalidf("the user name has a colon, which basic auth cannot carry")
	}
	return nil
}
