p = -1
raise ValueError('p must lie in 0..1')
