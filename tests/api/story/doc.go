// Package story is the story that the examples of api/openapi.yaml tell: requests and their answers. Its tests replay
// the story on real servers and compare the answers with the examples, their indexes included. Its samples are the
// requests that the reference shows as commands.
package story
