package app

import "context"

// EraseAccountsBy is App.EraseAccounts that reads so many accounts at a time.
func EraseAccountsBy(ctx context.Context, a *App, atOnce int) (erased int, err error) {
	return a.eraseAccounts(ctx, atOnce)
}
