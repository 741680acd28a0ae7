"""Mixed precision with a fixed loss scale."""

amp = dict(type='AmpOptimWrapper', loss_scale=512.0)
