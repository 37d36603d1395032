// Package worker does what nobody waits for: it sends letters. Like the pages it is an edge:
// it asks the use cases what there is to say, puts it into words, and hands it on.
//
// Jobs are rows of River's table. They hold ids and codes only; names, addresses and tokens
// are looked up, or made, when the letter is written. They come from two places:
//
//   - The follower (follow.go) reads the events in order and turns them into jobs, in the
//     transaction that moves its place on. A new letter that answers an event: a case in
//     jobsOf, a kind as below.
//   - The planners (plan.go) are asked once a minute who is due by the app's clock. A new
//     one: a method in the list of planners. Several processes ask at once, so its jobs must
//     be unique (river.UniqueOpts with ByArgs), and what must never repeat needs a row of
//     its own: River forgets finished jobs after a day.
//
// A kind of letter is a type of arguments with Kind() and InsertOpts(), a method that
// composes the message from them, and a line in kinds (letters.go). Composing returns
// app.ErrMoot when the reason for the letter is gone.
//
// A process sends one letter at a time and notes it as sent at once, so that a kill between
// the two costs one letter that goes out twice, with the same Message-ID, and no more. A
// letter that the server refuses for good, or ten times, is a dead one; an operator sees it
// at /admin/jobs and may have it tried again.
package worker
