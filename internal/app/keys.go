package app

import (
	"context"
	"slices"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// resealAtOnce bounds the secrets that one transaction encrypts anew.
const resealAtOnce = 500

// ResealSecrets encrypts anew, under the first key, whatever is encrypted with another key that is
// here, and returns how many secrets that were. People go on meanwhile.
func (a *App) ResealSecrets(ctx context.Context) (done int, err error) {
	names := a.keys.Names()
	if len(names) == 0 {
		return 0, nil
	}
	for {
		n := 0
		err := a.db.InTx(ctx, command(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
			rows, err := tx.LockSealed(ctx, names[1:], resealAtOnce)
			if n = len(rows); err != nil || n == 0 {
				return nil, err
			}
			for i, r := range rows {
				secret, err := a.totpSecret(r.UserID, postgres.TOTP{KeyID: r.KeyID, Secret: r.Secret})
				if err != nil {
					return nil, err
				}
				sealed, err := a.keys.Seal(secret, totpOf(r.UserID))
				if err != nil {
					return nil, err
				}
				rows[i].Secret = sealed.Box
			}
			tx.Reseal(a.keys.First(), rows)
			return []winddown.Event{{Stream: winddown.System(), Kind: winddown.SecretsResealed, Number: n, After: winddown.Changes{"key": a.keys.First()}}}, nil
		})
		if done += n; err != nil || n == 0 {
			return done, err
		}
	}
}

// KeyCheck is how what is encrypted stands to the keys that are here, as numbers of secrets.
type KeyCheck struct {
	First, Older, Unknown int
	UnknownKeys           []string // names of those that are not here
}

// CheckKeys counts what is encrypted.
func (a *App) CheckKeys(ctx context.Context) (KeyCheck, error) {
	uses, err := a.db.KeyUses(ctx)
	var c KeyCheck
	for _, u := range uses {
		switch {
		case u.Key == a.keys.First():
			c.First += u.Count
		case slices.Contains(a.keys.Names(), u.Key):
			c.Older += u.Count
		default:
			c.Unknown += u.Count
			c.UnknownKeys = append(c.UnknownKeys, u.Key)
		}
	}
	return c, err
}
