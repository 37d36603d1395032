package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"winddown/internal/files"
	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// StoredFile is a file whose bytes are stored and that no evidence refers to yet. What is
// never referred to is swept.
type StoredFile struct {
	Name string
	Blob files.Blob
}

// MayUpload returns how many bytes the actor may file as evidence with a step now: at least
// one, or NotFound, Forbidden, Blocked, Conflict or Invalid. It is asked before any bytes are
// taken in; AddEvidence asks again.
func (a *App) MayUpload(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.AddEvidence) (room int64, err error) {
	view, err := a.db.Case(ctx, actor, id, postgres.TrailQuery{Limit: 0}, postgres.EvidenceOf(in.Step), postgres.Ledger())
	if err != nil {
		return 0, err
	}
	if err := view.Case.Allow(winddown.CanMark, view.Standing); err != nil {
		return 0, err
	}
	if err := proofOf(view.Case, in.Debt); err != nil {
		return 0, err
	}
	room = a.quota - view.Case.EvidenceBytes
	in.Size = max(in.Size, 1)
	_, err = view.Case.AddEvidence(in, a.quota, actor.Stamp(a.now(), view.Standing))
	return room, err
}

// StoreFile takes the bytes of a file in for which room bytes are left: Unavailable when the
// disk is full, Conflict on the field file for more bytes than that, or Invalid on it for what
// is empty, too large, of no kind that is accepted, or not of the kind its name says.
func (a *App) StoreFile(ctx context.Context, name string, r io.Reader, room int64) (StoredFile, error) {
	blob, err := a.files.Put(ctx, r, min(room, winddown.MaxFileSize))
	name = winddown.EvidenceName(name)
	refuse := func(key string) (StoredFile, error) {
		return StoredFile{}, &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Err: err, Fields: []winddown.FieldError{
			{Field: "file", Key: key, Args: winddown.Args{"Name": name, "Max": winddown.MaxFileSize >> 20}}}}
	}
	switch {
	case err == nil && files.Matches(name, blob.Kind):
		return StoredFile{Name: name, Blob: blob}, nil
	case err == nil:
		return refuse("evidence.error.not_what_named")
	case errors.Is(err, files.ErrTooLarge) && room < winddown.MaxFileSize:
		return StoredFile{}, &winddown.Error{Kind: winddown.Conflict, Key: "error.invalid", Err: err, Fields: []winddown.FieldError{
			{Field: "file", Key: "evidence.error.no_room", Args: winddown.Args{"Name": name, "Max": int(a.quota >> 20)}}}}
	case errors.Is(err, files.ErrTooLarge):
		return refuse("evidence.error.too_large")
	case errors.Is(err, files.ErrEmpty):
		return refuse("evidence.error.empty")
	case errors.Is(err, files.ErrUnknownKind):
		return refuse("evidence.error.unknown_kind")
	case errors.Is(err, files.ErrTruncated):
		return refuse("evidence.error.truncated")
	case errors.Is(err, files.ErrBomb):
		return refuse("evidence.error.bomb")
	case errors.Is(err, files.ErrNoSpace):
		return StoredFile{}, &winddown.Error{Kind: winddown.Unavailable, Key: "evidence.error.no_space", Err: err}
	}
	return StoredFile{}, err
}

// AddEvidence files stored files with a step, all or none: NotFound, Forbidden, Blocked,
// Conflict, or Invalid.
func (a *App) AddEvidence(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.AddEvidence, stored []StoredFile) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		if err := proofOf(c, in.Debt); err != nil {
			return nil, err
		}
		var all []winddown.Event
		in.First = c.EvidenceSeq + 1
		for _, f := range stored {
			in.Name, in.Type, in.Size, in.SHA256 = f.Name, string(f.Blob.Kind), f.Blob.Size, f.Blob.SHA256
			events, err := c.AddEvidence(in, a.quota, s)
			if err != nil {
				return nil, err
			}
			all = append(all, events...)
		}
		return all, nil
	}, postgres.EvidenceOf(in.Step), postgres.Ledger())
}

// proofOf returns NotFound for a paper of a debt the ledger does not hold.
func proofOf(c *winddown.Case, debt winddown.ID) error {
	if debt.IsZero() {
		return nil
	}
	_, err := c.Debts.Debt(debt)
	return err
}

// RemoveEvidence ends a piece of evidence with a reason: NotFound, Forbidden, Conflict for
// what is frozen, or Invalid.
func (a *App) RemoveEvidence(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.RemoveEvidence) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.RemoveEvidence(in, s)
	}, postgres.EvidenceOf(""))
}

// EvidenceFile opens a file of a case: NotFound, or Gone with a sentence when its bytes
// are missing or are not what was stored. The caller closes it.
func (a *App) EvidenceFile(ctx context.Context, actor winddown.Actor, id winddown.ID, number int) (winddown.Evidence, files.File, error) {
	e, err := a.db.EvidenceFile(ctx, actor, id, number)
	if err != nil {
		return winddown.Evidence{}, files.File{}, err
	}
	f, err := a.files.Open(e.SHA256)
	return e, f, lost(e, err)
}

// EvidenceThere finds a file of a case without opening it: NotFound, or Gone with a sentence
// when its bytes are missing or of another size.
func (a *App) EvidenceThere(ctx context.Context, actor winddown.Actor, id winddown.ID, number int) (winddown.Evidence, error) {
	e, err := a.db.EvidenceFile(ctx, actor, id, number)
	if err != nil {
		return winddown.Evidence{}, err
	}
	return e, lost(e, a.files.Check(e.SHA256, e.Size))
}

// Thumbnail returns a small picture of a file, or NotFound where there can be none.
func (a *App) Thumbnail(ctx context.Context, actor winddown.Actor, id winddown.ID, number, side int) ([]byte, error) {
	e, err := a.db.EvidenceFile(ctx, actor, id, number)
	if err != nil {
		return nil, err
	}
	picture, err := a.files.Thumbnail(ctx, e.SHA256, files.Kind(e.Type), side)
	if errors.Is(err, files.ErrNoThumbnail) {
		return nil, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found", Err: err}
	}
	return picture, lost(e, err)
}

// lost says what is wrong with the bytes of a file.
func lost(e winddown.Evidence, err error) error {
	key := "evidence.error.altered"
	switch {
	case errors.Is(err, files.ErrMissing):
		key = "evidence.error.lost"
	case errors.Is(err, files.ErrAltered):
	default:
		return err
	}
	return &winddown.Error{Kind: winddown.Gone, Key: key, Args: winddown.Args{"Name": e.Name}, Err: err}
}

// FileThere reports whether a file's bytes are where they should be; the contents are not
// compared.
func (a *App) FileThere(e winddown.Evidence) bool { return a.files.Check(e.SHA256, e.Size) == nil }

// NoteDownload writes into the actor's own trail that he took a file.
func (a *App) NoteDownload(ctx context.Context, actor winddown.Actor, id winddown.ID, number int) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(ctx, actor.UserID); err != nil {
			return nil, err
		}
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.FileDownloaded, Number: number,
			After: winddown.Changes{"case": id.String(), "number": strconv.Itoa(number)}}}, nil
	})
}

// SweepAge is how old bytes must be before the sweeper takes them when nothing refers to
// them: an upload is long over by then.
const SweepAge = 24 * time.Hour

// SweepFiles removes bytes that no evidence refers to and returns how many files that were.
// One process at a time does it; the others return at once.
func (a *App) SweepFiles(ctx context.Context) (removed int, err error) {
	_, err = a.db.SweepFiles(ctx, func(known func(context.Context, [][32]byte) (map[[32]byte]bool, error)) error {
		var err error
		// Not the app's clock: it is compared with the times of files.
		removed, err = a.files.Sweep(ctx, SweepAge, time.Now(), known)
		return err
	})
	if err != nil {
		return removed, fmt.Errorf("sweep files: %w", err)
	}
	return removed, nil
}

// Evidence returns a case with all its evidence and its ledger, and one version of it, or NotFound.
func (a *App) Evidence(ctx context.Context, actor winddown.Actor, id winddown.ID, number int) (CaseView, winddown.Evidence, error) {
	view, err := a.db.Case(ctx, actor, id, postgres.TrailQuery{Limit: 0}, postgres.EvidenceOf(""), postgres.Ledger())
	if err != nil {
		return CaseView{}, winddown.Evidence{}, err
	}
	for _, e := range view.Case.Evidence {
		if e.Number == number {
			return view, e, nil
		}
	}
	return CaseView{}, winddown.Evidence{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
