package app

import (
	"context"
	"errors"
	"slices"

	"winddown/internal/keyring"
	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// resealAtOnce bounds the secrets that one transaction encrypts anew.
const resealAtOnce = 500

// ResealSecrets encrypts anew, under the first key, whatever is encrypted with another key that is
// here, and returns how many secrets that were. People go on meanwhile. What was damaged stays as it
// is and keeps nothing else: CheckKeys tells whose it is.
func (a *App) ResealSecrets(ctx context.Context) (done int, err error) {
	names := a.keys.Names()
	if len(names) == 0 {
		return 0, nil
	}
	var last postgres.SealedRow
	for {
		var found int
		var sealed []postgres.SealedRow
		err := a.db.InTx(ctx, command(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
			rows, err := tx.LockSealed(ctx, names[1:], last, resealAtOnce)
			if found = len(rows); err != nil || found == 0 {
				return nil, err
			}
			last = rows[found-1]
			for _, r := range rows {
				secret, err := a.keys.Open(sealedOf(r), totpOf(r.UserID))
				if err != nil {
					continue
				}
				box, err := a.keys.Seal(secret, totpOf(r.UserID))
				if err != nil {
					return nil, err
				}
				r.Secret = box.Box
				sealed = append(sealed, r)
			}
			if len(sealed) == 0 {
				return nil, nil
			}
			tx.Reseal(a.keys.First(), sealed)
			return []winddown.Event{{Stream: winddown.System(), Kind: winddown.SecretsResealed, Number: len(sealed), After: winddown.Changes{"key": a.keys.First()}}}, nil
		})
		if err != nil || found == 0 {
			return done, err
		}
		done += len(sealed)
	}
}

func sealedOf(r postgres.SealedRow) keyring.Sealed {
	return postgres.TOTP{KeyID: r.KeyID, Secret: r.Secret}.Sealed()
}

// KeyCheck is how what is encrypted stands to the keys that are here, as numbers of secrets.
type KeyCheck struct {
	First, Older, Unknown int
	UnknownKeys           []string // names of those that are not here
	Damaged               []string // addresses of the people whose secrets their key does not open
}

// CheckKeys opens everything that is encrypted.
func (a *App) CheckKeys(ctx context.Context) (KeyCheck, error) {
	var c KeyCheck
	note := func(list *[]string, what string) {
		if !slices.Contains(*list, what) {
			*list = append(*list, what)
		}
	}
	err := a.db.EachSealed(ctx, func(r postgres.SealedRow) {
		_, err := a.keys.Open(sealedOf(r), totpOf(r.UserID))
		switch {
		case errors.Is(err, keyring.ErrUnknownKey):
			c.Unknown++
			note(&c.UnknownKeys, r.KeyID)
		case err != nil:
			note(&c.Damaged, r.Email)
		case r.KeyID == a.keys.First():
			c.First++
		default:
			c.Older++
		}
	})
	slices.Sort(c.UnknownKeys)
	slices.Sort(c.Damaged)
	return c, err
}
