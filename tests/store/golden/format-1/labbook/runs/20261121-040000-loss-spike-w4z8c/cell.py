labbook.log(loss=float('nan'))
