6.3s * pod s-0 is deleted
6.3s intent Move epoch 2 s-1 from s-0 (PodDeleted)
6.4s hand over s-0 to s-1
7.6s establish s-1 epoch 2 n 3 w 1 replicas s-2
8.1s mark epoch 2 n 3 w 1: NewEpoch
8.2s label off nobody on s-1
8.3s clear Move epoch 2 s-1 from s-0 (PodDeleted): Moved
8.4s prepare s-0
8.5s join s-0 to s-1
10.1s describe s-0 replica readable joined
no acknowledged write is lost
