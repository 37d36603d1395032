package main

import "context"

type scaleCmd struct{ options }

func (c scaleCmd) Run(ctx context.Context) error {
	s, err := newStage(ctx, c.options, nil)
	if err != nil {
		return err
	}
	if err := s.grow(ctx, 20); err != nil {
		return err
	}
	return s.close()
}

type liveCmd struct{ options }

func (c liveCmd) Run(ctx context.Context) error { return nil }

type steadyCmd struct{ options }

func (c steadyCmd) Run(ctx context.Context) error { return nil }
