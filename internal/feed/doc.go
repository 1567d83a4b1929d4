// Package feed lets the watches of a client share polls, so that what a client costs its cluster grows with
// the events and not with the number of its watches. It knows keys, indexes and events, but makes no
// requests: the caller runs the watches, those of the feeds included.
//
// # The rule
//
// A watch has a poll of its own until [Hub.Limit] polls wait at or below one directory. The next watch there
// opens a feed: a recursive watch of that directory, whose events are handed to every watch below it. A feed
// counts as a poll by itself, so that feeds below one directory give way to a feed of that directory in the
// same way. A client therefore has at most Limit polls, apart from those that cannot be shared.
//
// Sharing costs the events of the directory that no watch wants, and saves polls and their connections. N polls
// cost N requests for about 500 changes of the store, and a request costs the client about as much as six events
// of a stream. So where every change is below the directory and nobody wants it, 80 polls cost as much CPU time as
// the feed, and 16 where it is one in five. 16 is the default. A feed that brings far more than it saves, because
// few share it or the values are large, ends again; see balance.go.
//
// A watch cannot be shared by the feed of a directory if
//
//   - one of the names between the two begins with "_": the events of hidden nodes are not in the feed,
//   - the server does not let the client watch the directory,
//   - it wants events that the feed did not see, or that are no longer in the feed's ring,
//   - what it knows shows that the events in the ring are of another history.
//
// In the last two cases the watch polls by itself until it has come to what the feed has. It then moves to the
// feed, and misses nothing, because the ring goes back to the index that it has come to.
//
// # Histories
//
// A cluster that was restored from a backup has another history with the same indexes. After each interruption the
// watch of a feed looks for a change that must be in the history: the last one that it has seen itself, or a later one
// that a watch knew that has joined. If the history no longer goes back so far, nothing shows which one it is. So
// after an interruption the ring is empty, and those that have waited for the end of it leave.
//
// # States
//
//	of a watch      begins                            ends
//	polls           Join finds no feed that covers    with the watch; when a feed covers its position:
//	                its position                      it joins again
//	subscribed      Join finds one                    with the watch; when its feed ends, or is not sure
//	                                                  which history it follows, or when it reads too slowly:
//	                                                  it joins again at its position; when its feed ends
//	                                                  because the history has ended: it ends, too,
//	                                                  unless it began behind the feed's position
//
//	of a feed       begins                            ends
//	unsure          at the index that the client has  with a request that waits at a member, at first, and
//	                seen last; when a request of its  with progress or an event later: sure. Until then, a
//	                watch has failed                  watch that joins waits, because the feed may be refused,
//	                                                  or its history may be another one; see above. If the
//	                                                  first request fails: ended
//	sure            see above                         when a request of its watch has failed: unsure
//	ended           when its watch ends; when few     -
//	                subscribers are left; when it
//	                does not pay
//
// The position of a subscriber is that of its feed: everything up to it is in the subscriber's queue. A
// subscriber that does not empty its queue leaves with the event that did not fit, and the others go on.
package feed
