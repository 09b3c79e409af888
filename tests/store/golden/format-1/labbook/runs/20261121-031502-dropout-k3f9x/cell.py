p = 0.5
for epoch in range(3):
    labbook.log(loss=1 / (epoch + 1), val_acc=0.9 + epoch / 100)
print('Größe', p)
