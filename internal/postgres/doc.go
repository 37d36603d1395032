// Package postgres keeps everything in PostgreSQL (15 or newer): all SQL of the program
// stands here, each statement a named constant beside the method that sends it.
//
// Reads are methods of DB, writes exist only on Tx. Every statement that takes a case
// carries the actor's scope, and a Tx writes only to cases it has read and locked in that
// scope.
package postgres
