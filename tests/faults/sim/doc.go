// Package sim simulates a cluster.
package sim
